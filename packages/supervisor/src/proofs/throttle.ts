import { readCgroup } from '../adapters/cgroup.ts';
import { readProcessStat } from '../adapters/process.ts';
import type { Notes } from '../inspect/notes.ts';
import { type LocalExchange, localExchange } from './exchange.ts';
import type { Ground, Unit } from './ground.ts';
import type { ProofCode } from './proof.ts';

const STEPS = [1, 5, 10, 20, 1];
const RATE = 400;
const WITHIN = 0.1;
const secondsOf = (quick: boolean) => (quick ? 2.5 : 8);

export const throttle: ProofCode = {
  name: 'throttle',
  requirement: 'sample_every = N keeps one frame in N: rows/s within 10 % of rate/N, and back again at 1.',
  method: (quick) =>
    `The supervisor's own edit writes sample_every ${STEPS.join(', ')} and the unit is restarted, in realws against the installation's local exchange ` +
    `over a WebSocket (${RATE} frames/s) and in synthetic; rows/s over ${secondsOf(quick)} s each. CPU: cpu.stat of the unit's cgroup, or where it has none, /proc/PID/stat of its process.`,
  async measure(ground, notes) {
    const exchange = await localExchange(ground, RATE);
    try {
      ground.configure({ engine: { ingest_mode: 'realws', sample_every: 1 } });
      await ladder(ground, notes, 'realws', exchange.rate);
    } finally {
      exchange.close();
    }
    ground.configure({ engine: { ingest_mode: 'synthetic', tick_interval_ms: 1000 / RATE, sample_every: 1 } });
    await ladder(ground, notes, 'synthetic', RATE);
  },
};

async function ladder(ground: Ground, notes: Notes, mode: string, rate: LocalExchange['rate']): Promise<void> {
  for (const [index, every] of STEPS.entries()) {
    ground.sampleEvery(every);
    const unit = await ground.restart();
    // What a start costs is not a cost of a frame.
    await ground.pause(1000);
    const before = use(ground, unit);
    const rows = await ground.rate(secondsOf(ground.quick));
    const after = use(ground, unit);
    const expected = rate / every;
    const off = (rows / expected - 1) * 100;
    const name = `${mode}, sample_every ${every}${index === STEPS.length - 1 ? ' again' : ''}`;
    const cpu =
      before.usec === null || after.usec === null ? null : (after.usec - before.usec) / (after.frames - before.frames);
    notes.evidence({
      mode,
      sample_every: every,
      rows_a_second: rows,
      expected,
      cpu_us_a_frame: cpu,
      status: after.status,
    });
    notes.number(`rows/s: ${name}`, rows, 'rows/s');
    if (cpu !== null) notes.number(`CPU per received frame: ${name}`, cpu, 'us');
    else notes.blocked(`CPU per received frame: ${name}`, 'neither its cgroup nor its process says what it used');
    notes.check(
      `${name}: within ${WITHIN * 100} % of ${expected} rows/s`,
      Math.abs(off) <= WITHIN * 100 && after.status?.sample_every === every,
      `${rows.toFixed(1)} rows/s (${off >= 0 ? '+' : ''}${off.toFixed(1)} %), the engine says sample_every ${after.status?.sample_every}`,
    );
  }
}

function use(ground: Ground, { control_group: group, main_pid: pid }: Unit) {
  const status = ground.scratch.status();
  const cgroup = readCgroup(group);
  return {
    status,
    frames: status?.frames_received ?? 0,
    usec: cgroup.available ? cgroup.value.usage_usec : cpuOf(pid),
  };
}

function cpuOf(pid: number): number | null {
  try {
    return readProcessStat(pid).cpuUsec;
  } catch {
    return null;
  }
}
