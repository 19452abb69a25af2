import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { signalEngine } from '../adapters/root-parent.ts';
import type { Notes } from '../inspect/notes.ts';
import { TOO_BUSY } from './ends.ts';
import type { Ground } from './ground.ts';
import { type InnerSoak, innerSoak } from './inner-soak.ts';
import { busyWords, press, pressureOf } from './load.ts';
import type { ProofCode } from './proof.ts';

const INTERVAL_S = 1;
const LATE_S = 2;
const thresholdOf = (quick: boolean) => (quick ? 4 : 6);

export const stall: ProofCode = {
  name: 'stall',
  requirement:
    'An engine that stops making progress is detected within threshold + interval + 2 s and restarted, also under sustained CPU pressure.',
  method: (quick) =>
    `A soak watches the unit (threshold ${thresholdOf(quick)} s, interval ${INTERVAL_S} s); SIGSTOP to MainPID, idle and again beside loops, ` +
    `three to a core, ${busyWords(quick)}. Detected: the STALL record. Restarted: ENGINE_RESTARTED with another invocation, which systemd confirms, and new rows.`,
  async measure(ground, notes) {
    const threshold = thresholdOf(ground.quick);
    ground.configure({
      engine: { ingest_mode: 'synthetic', tick_interval_ms: 20, sample_every: 1 },
      soak: { policy: { stall_grace_s: 2 } },
    });
    const soak = await innerSoak(ground, 'stall', [
      ...['-d', '10m', '--interval', `${INTERVAL_S}s`, '--stall-threshold', `${threshold}s`],
      ...['--psi-actions', hostPressure().read().cpu.available ? 'logonly' : 'off', '--leave', 'running'],
    ]);
    try {
      await soak.decided('the start of the engine', (r) => r.action === 'ENGINE_RESTARTED', 180);
      await frozen(ground, notes, soak, 'idle', threshold);
      await pressed(ground, notes, soak, threshold);
    } finally {
      await soak.kill('SIGTERM');
      notes.ran(soak.command, null, soak.said());
    }
  },
};

async function pressed(ground: Ground, notes: Notes, soak: InnerSoak, threshold: number): Promise<void> {
  const host = hostPressure();
  const { cpu } = host.read();
  if (!cpu.available)
    return notes.blocked('a stall under CPU pressure', cpu.why, 'boot with psi=1; kernel 4.20 or later');
  const some = () => {
    const now = host.read().cpu;
    return now.available ? now.value.some.avg10 : 0;
  };
  const load = press(ground.quick);
  const wanted = pressureOf(ground.quick);
  try {
    await ground.until(`CPU stall time over ${wanted} %`, () => some() > wanted, 120, 250);
    notes.number('cpu some avg10 at the second stall', some(), '% of wall time');
    await frozen(ground, notes, soak, 'under CPU pressure', threshold);
  } finally {
    await load.release();
  }
}

async function frozen(ground: Ground, notes: Notes, soak: InnerSoak, when: string, threshold: number): Promise<void> {
  const status = ground.scratch.status;
  const before = ground.scratch.lastId();
  await ground.until('rows before the stall', () => ground.scratch.lastId() > before, 120);
  const seq = soak.decisions().at(-1)?.seq ?? 0;
  const victim = await ground.until('the process that writes', () => status(), 120);
  signalEngine(victim.pid, 'SIGSTOP');
  const at = monotonicMs();
  notes.ran(`kill -STOP ${victim.pid}`, 0, '');
  const later = (action: string) => (r: { seq?: number | undefined; action: string }) =>
    (r.seq ?? 0) > seq && r.action === action;
  const seen = await soak.decided(`STALL ${when}`, later('STALL'), 300);
  const detected = (monotonicMs() - at) / 1000;
  const restarted = await soak.decided(`ENGINE_RESTARTED ${when}`, later('ENGINE_RESTARTED'), 180);
  const rows = ground.scratch.lastId();
  await ground.until(`rows after the restart ${when}`, () => ground.scratch.lastId() > rows, 120);
  const total = (monotonicMs() - at) / 1000;
  const now = status();
  notes.evidence({ when, stall: seen, restarted, heartbeat: now });
  notes.number(`detected ${when}`, detected, 's');
  notes.number(`writing again ${when}`, total, 's');
  const limit = threshold + INTERVAL_S + LATE_S;
  const what = `${when}: detected within ${limit} s`;
  const measured = `${detected.toFixed(1)} s after SIGSTOP`;
  if (detected > limit && isFirstLook(soak, seen, threshold)) notes.blocked(what, `${measured}: ${TOO_BUSY}`);
  else notes.check(what, detected <= limit, measured);
  notes.check(
    `${when}: restarted as a new invocation, rows grow again`,
    now !== null && now.invocation_id === restarted.invocation_id && now.invocation_id !== victim.invocation_id,
    `invocation ${victim.invocation_id}, then ${String(restarted.invocation_id)}, which wrote ${now?.ticks_written} rows; ${total.toFixed(1)} s after SIGSTOP`,
  );
}

/** Whether the look before the STALL was within the threshold still: then no look missed it, and looks were late. */
function isFirstLook(
  soak: InnerSoak,
  { timestamp, seconds_since_progress: without }: LoggedDecision,
  threshold: number,
) {
  const looks = soak.looks();
  const at = looks.findIndex(({ wall }) => wall === timestamp);
  const [before, seen] = [looks[at - 1], looks[at]];
  if (before === undefined || seen === undefined || without === undefined) return false;
  return Number(without) - (seen.mono_ms - before.mono_ms) / 1000 < threshold;
}
