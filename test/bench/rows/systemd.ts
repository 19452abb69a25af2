import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { bootMachine, INSIDE, type Machine, STATE, whyNoMachine } from '../../../ops/sandbox/machine.ts';
import { cpuOf } from '../clients.ts';
import { privateMb, sleep } from '../memory.ts';
import { quantile } from '../ratio.ts';
import { RELEASE } from '../release.ts';
import { atEnd, NotMeasured, type Row, type Rules, shared } from '../row.ts';
import { cachedTable } from '../table.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const NODE = [`${INSIDE}/node_modules/.bin/node`, '--disable-warning=ExperimentalWarning'];
const inside = (path: string) => `${INSIDE}/${relative(ROOT, path)}`;
const GAPS = resolve(import.meta.dirname, '../parts/restart-gap.ts');
const CURRENT = '/opt/hybrid-soak/current';
const SOAK = `${CURRENT}/bin/soak`;
const INTERVAL_MS = 5000;

/** One for all rows, with the release instead of the checkout that a machine begins with. */
const booted = shared(async () => {
  const why = whyNoMachine();
  if (why !== null) throw new NotMeasured(why);
  const machine = await bootMachine();
  atEnd(() => machine.close());
  await must(machine, [`${INSIDE}/packages/supervisor/bin/soak`, 'uninstall']);
  await must(machine, [`${inside(RELEASE)}/install`]);
  return machine;
});

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
  async measure(rules) {
    const run = [...NODE, inside(GAPS), rules.quick ? '4' : '20'];
    const gaps = JSON.parse(await must(await booted(rules), run)) as Record<'bare' | 'boxed' | 'engine', number>[];
    const of = (which: keyof (typeof gaps)[number], share: number) =>
      quantile(
        gaps.map((gap) => gap[which]),
        share,
      );
    const seen = (which: keyof (typeof gaps)[number]) =>
      `p50 ${of(which, 0.5).toFixed()} p95 ${of(which, 0.95).toFixed()} ms`;
    return {
      figures: [of('engine', 0.95) / of('bare', 0.95)],
      seen: `bare ${seen('bare')}, bare in the engine's sandbox ${seen('boxed')}, engine ${seen('engine')}; ${gaps.length} restarts`,
    };
  },
};

/** A soak beside the running engine, warm when it resolves: its process. */
const warm = shared(async (rules: Rules) => {
  const machine = await booted(rules);
  const rows = rules.quick ? 1_000_000 : 10_000_000;
  // Of what the gaps were measured with nothing is left.
  const data = `${STATE}/data`;
  await must(machine, ['sh', '-c', `rm -f ${data}/bot.db*; cp ${inside(cachedTable(rows))} ${data}/bot.db`]);
  await must(machine, ['chown', 'hybrid-engine:hybrid-engine', `${data}/bot.db`]);
  // The engine runs already: a soak that starts it measures that start too.
  await must(machine, ['systemctl', 'start', 'hybrid-engine.service']);
  // A first run leaves its compiled modules; a soak is measured as it runs from then on.
  await must(machine, [SOAK, 'run', '--dry-run']);
  const soak = machine.spawn([SOAK, 'run', '-d', '1h', '--calibrate', '0', '-q'], 'ignore');
  await sleep(rules.quick ? 7000 : 60_000);
  if (soak.exitCode !== null) throw new Error(`the soak ended with ${soak.exitCode}`);
  return { machine, soak, pid: innerPid(soak), rows };
});

/** Of what a machine's process was started for: the first child of what enters the machine. */
const innerPid = ({ pid }: ChildProcess): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')[0]);

/** Bare Node beside it, MB: the kernel shares less of a program's file between processes in there than outside. */
async function bareMb(machine: Machine): Promise<number> {
  const bare = machine.spawn([`${CURRENT}/node`, '-e', 'setInterval(() => {}, 1e6)'], 'ignore');
  await sleep(1500);
  const mb = privateMb(innerPid(bare));
  bare.kill('SIGKILL');
  return mb;
}

/** What the supervisor uses once it is warm. */
const supervised = shared(async (rules: Rules) => {
  const { machine, soak, pid, rows } = await warm(rules);
  const bare = await bareMb(machine);
  const shares: number[] = [];
  for (let n = 0; n < (rules.quick ? 2 : 9); n++) {
    const before = cpuOf(pid).total;
    const started = performance.now();
    await sleep(INTERVAL_MS);
    shares.push((cpuOf(pid).total - before) / (performance.now() - started) / 10);
  }
  const mb = privateMb(pid) - bare;
  soak.kill('SIGKILL');
  return { rows, shares, mb, bare };
});

export const supervisorCpu: Row = {
  name: 'supervisor-cpu',
  what: 'supervisor CPU at the 5 s interval, 10 M rows, real systemd',
  unit: '% core',
  target: { most: 0.2 },
  atOnce: 'rest',
  warmUp: warm,
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
  atOnce: 'rest',
  warmUp: warm,
  async measure(rules) {
    const { mb, bare } = await supervised(rules);
    return { figures: [mb], seen: `bare node ${bare.toFixed(1)} MB` };
  },
};
