import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { bootMachine, INSIDE, type Machine, STATE, whyNoMachine } from '../../../ops/sandbox/machine.ts';
import { cpuOf } from '../clients.ts';
import { bareNodeMb, privateMb, sleep } from '../memory.ts';
import { quantile } from '../ratio.ts';
import { RELEASE } from '../release.ts';
import { NotMeasured, type Row, type Rules, shared } from '../row.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const NODE = [`${INSIDE}/node_modules/.bin/node`, '--disable-warning=ExperimentalWarning'];
const part = (name: string) => `${INSIDE}/test/bench/parts/${name}`;
const SOAK = '/opt/hybrid-soak/current/bin/soak';
const INTERVAL_MS = 5000;

async function inMachine<T>(measure: (machine: Machine) => Promise<T>): Promise<T> {
  const why = whyNoMachine();
  if (why !== null) throw new NotMeasured(why);
  const machine = await bootMachine();
  try {
    // The release instead of the checkout that the machine begins with.
    await must(machine, [`${INSIDE}/packages/supervisor/bin/soak`, 'uninstall']);
    await must(machine, [`${INSIDE}/${relative(ROOT, RELEASE)}/install`]);
    return await measure(machine);
  } finally {
    await machine.close();
  }
}

async function must(machine: Machine, command: string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.run(command);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${code}: ${stderr.slice(-2000)}`);
  return stdout;
}

export const restartGap: Row = {
  name: 'restart-gap',
  what: '`systemctl restart` to the first new committed tick, p95, against a unit of bare Node that commits one row',
  unit: 'x bare',
  target: { most: 1.8 },
  async measure({ quick }) {
    const run = (machine: Machine) => must(machine, [...NODE, part('restart-gap.ts'), quick ? '4' : '20']);
    const gaps = JSON.parse(await inMachine(run)) as { bare: number; engine: number }[];
    const of = (which: 'bare' | 'engine', share: number) =>
      quantile(
        gaps.map((gap) => gap[which]),
        share,
      );
    const seen = (which: 'bare' | 'engine') =>
      `${which} p50 ${of(which, 0.5).toFixed()} p95 ${of(which, 0.95).toFixed()} ms`;
    return {
      figures: [of('engine', 0.95) / of('bare', 0.95)],
      seen: `${seen('bare')}, ${seen('engine')}, ${gaps.length} restarts`,
    };
  },
};

/** A soak beside the running engine; what the supervisor used, once it had settled. */
const supervised = shared(({ quick }: Rules) =>
  inMachine(async (machine) => {
    const rows = quick ? 1_000_000 : 10_000_000;
    await must(machine, [...NODE, part('make-table.ts'), String(rows), `${STATE}/data`]);
    await must(machine, ['chown', 'hybrid-engine:hybrid-engine', `${STATE}/data/bot.db`]);
    // The engine runs already: a soak that starts it measures that start too.
    await must(machine, ['systemctl', 'start', 'hybrid-engine.service']);
    // A first run leaves its compiled modules; a soak is measured as it runs from then on.
    await must(machine, [SOAK, 'run', '--dry-run']);
    const bare = await bareNodeMb();
    const soak = machine.spawn([SOAK, 'run', '-d', '1h', '--calibrate', '0', '-q'], 'ignore');
    await sleep(quick ? 7000 : 15_000);
    if (soak.exitCode !== null) throw new Error(`the soak ended with ${soak.exitCode}`);
    const pid = Number(readFileSync(`/proc/${soak.pid}/task/${soak.pid}/children`, 'latin1').trim().split(' ')[0]);
    const shares: number[] = [];
    for (let n = 0; n < (quick ? 2 : 9); n++) {
      const before = cpuOf(pid).total;
      const started = performance.now();
      await sleep(INTERVAL_MS);
      shares.push((cpuOf(pid).total - before) / (performance.now() - started) / 10);
    }
    const mb = privateMb(pid) - bare;
    soak.kill('SIGKILL');
    return { rows, shares, mb, bare };
  }),
);

export const supervisorCpu: Row = {
  name: 'supervisor-cpu',
  what: 'supervisor CPU at the 5 s interval, 10 M rows, real systemd',
  unit: '% core',
  target: { most: 0.2 },
  async measure(rules) {
    const { rows, shares } = await supervised(rules);
    return { figures: shares, seen: `${rows / 1_000_000} M rows, ${shares.length} intervals` };
  },
};

export const supervisorMemory: Row = {
  name: 'supervisor-memory',
  what: 'supervisor private memory against bare node',
  unit: 'MB more',
  target: { most: 12 },
  async measure(rules) {
    const { mb, bare } = await supervised(rules);
    return { figures: [mb], seen: `bare node ${bare.toFixed(1)} MB` };
  },
};
