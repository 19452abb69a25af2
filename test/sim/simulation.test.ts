import { isDeepStrictEqual } from 'node:util';
import { type Decision, decisionSchema } from '@hybrid-soak/contract/decision.ts';
import fc from 'fast-check';
import t from 'tap';
import { drive, type Trace } from './drive.ts';
import { minimise } from './minimise.ts';
import { Cpus, STEP_US } from './model/cpu.ts';
import { FLAT } from './model/wave.ts';
import { CALM, NAMED, others, scenarioOf, trouble, using } from './named.ts';
import { OUTAGES } from './outages.ts';
import { seeded } from './random.ts';
import { broken, RULES } from './rules/all.ts';
import { drawScenario } from './scenario.ts';
import { type Second, World } from './world.ts';

const drawn = (seed: number) => drawScenario(seeded(seed), seed, 1);
const recordsOf = ({ entries }: Trace): Decision[] => entries.flatMap(({ records }) => records);

/** The records of the first soaks, which later tests look at again. */
const kept: Decision[][] = [];

t.test('fifteen soaks of an hour keep every rule', async (t) => {
  for (let seed = 1; seed <= 15; seed++) {
    const trace = drive(drawn(seed), seed);
    kept[seed] = recordsOf(trace);
    const fault = broken(trace);
    if (fault !== null) t.fail(`npm run simulate -- --hours 1 --runs 1 --seed ${seed}: ${fault.rule}: ${fault.how}`);
  }
});

t.test('seeds that have broken a rule keep them all', async (t) => {
  for (const seed of [3535, 4622, 6742, 7055, 7229, 9125, 9590, 9748, 700484, 701554, 702192, 702620]) {
    const fault = broken(drive(drawScenario(seeded(seed), seed, 2), seed));
    t.equal(fault === null ? null : `${fault.rule}: ${fault.how}`, null, `npm run simulate -- --runs 1 --seed ${seed}`);
  }
});

for (const [name, { scenario, expects }] of Object.entries({ ...NAMED, ...OUTAGES }))
  t.test(name, async (t) => {
    const trace = drive(scenario, 1);
    t.equal(expects(trace), null);
    for (const [rule, holds] of Object.entries(RULES)) t.equal(holds(trace), null, rule);
  });

t.test('the same seed gives the same records, byte for byte; another gives others', async (t) => {
  const again = JSON.stringify(recordsOf(drive(drawn(7), 7)));
  t.equal(JSON.stringify(kept[7]), again);
  t.not(JSON.stringify(kept[8]), again);
});

t.test('every record of a simulated soak fits the schema and holds no number that JSON loses', async (t) => {
  for (const record of kept.flat())
    if (!isDeepStrictEqual(decisionSchema.parse(JSON.parse(JSON.stringify(record))), record))
      t.fail('not as it was', record);
  t.ok(kept.flat().length > 100, `${kept.flat().length} records`);
});

t.test('processor sharing: no more than there is, nobody idles while somebody waits', async () => {
  const group = fc.record({ threads: fc.integer({ min: 1, max: 9 }), want: fc.integer({ min: 0, max: 2 * STEP_US }) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(group, { minLength: 1, maxLength: 6 }), (cpus, groups) => {
      const host = new Cpus(cpus, groups.length);
      for (const [i, { threads, want }] of groups.entries()) {
        host.threads[i] = threads;
        host.wants[i] = want;
      }
      const contended = host.run();
      const used = host.used.reduce((sum, us) => sum + us, 0);
      const wanted = groups.reduce((sum, { threads, want }) => sum + threads * Math.min(want, STEP_US), 0);
      const near = (a: number, b: number) => Math.abs(a - b) < 1;
      const hasDone = (i: number, { threads, want }: { threads: number; want: number }) =>
        near(host.used[i] as number, threads * want);
      // A thread that waits has what it wants later by what it waits, and those that never have it run until the end.
      const ends = groups.every((group, i) => {
        const until = host.until[i] as number;
        return (
          until <= STEP_US + 1 &&
          until >= (host.used[i] as number) / group.threads - 1 &&
          (hasDone(i, group) || near(until, STEP_US))
        );
      });
      return (
        used <= cpus * STEP_US + 1 &&
        used >= contended * cpus - 1 &&
        (contended > 0 || near(used, wanted)) &&
        ends &&
        groups.every((_, i) => (host.some[i] as number) <= contended + 1 && (host.full[i] as number) <= contended + 1)
      );
    }),
  );
});

t.test(
  't busy threads of n CPUs have a part of 100 t/n; what its own quota keeps waiting is not counted',
  async (t) => {
    const partOf = (world: World) => {
      world.advanceTo(120_000, false);
      const seen = world.seconds.slice(20);
      return seen.reduce((sum, { cpuPart }) => sum + cpuPart, 0) / seen.length;
    };
    for (const [cpus, threads] of [
      [2, 1],
      [4, 1],
      [4, 2],
    ] as const) {
      const engine = using(threads * 0.95, { threads });
      const part = partOf(new World(scenarioOf({ cpus, engine, neighbours: [others({ threads: cpus * 8 })] }), 1));
      const threadsInAll = cpus * 8 + threads;
      t.ok(Math.abs(part - (100 * threads) / threadsInAll) < 5, `${threads} of ${threadsInAll} threads: ${part}`);
    }
    t.ok(partOf(new World(scenarioOf({ engine: using(0.9, { quota: 0.3 }) }), 1)) < 3);
  },
);

t.test('a failing run is minimised to the one trouble that it takes', async (t) => {
  const freeze = trouble('freeze', 600, 900);
  const noise = [trouble('quiet', 100, 110), trouble('late', 2000, 2100)];
  const options = { ...CALM.options, duration_s: 2400 };
  const noisy = { ...CALM, options, jitter_ms: 30, troubles: [...noise, freeze] };
  const { scenario } = minimise(noisy, 1, ({ entries }) =>
    entries.some(({ records }) => records.some(({ action }) => action === 'STALL')) ? 'a stall' : null,
  );
  t.same(scenario.troubles, [freeze]);
  t.equal(scenario.jitter_ms, 0);
});

t.test(
  'a wedge is real from its first kept frame on; while all frames are sampled out no row is missing',
  async (t) => {
    const engine = { ...CALM.engine, rate: 1, wave: FLAT };
    const options = { ...CALM.options, original_sample_every: 100 };
    const world = new World({ ...CALM, engine, options, troubles: [trouble('wedge', 20, 601)] }, 1);
    world.advanceTo(600_000, false);
    const { rows, stuckSince } = world.seconds.at(-1) as Second;
    t.equal(rows, 0);
    t.ok(stuckSince !== null && stuckSince > 60_000 && stuckSince < 150_000, `${stuckSince}`);
  },
);

t.test('the start-up of an engine is over after a minute, whether or not a frame was kept', async (t) => {
  const world = new World({ ...CALM, troubles: [trouble('stopped', 60, 120), trouble('quiet', 60, 600)] }, 1);
  world.advanceTo(600_000, false);
  const started = world.seconds.filter(({ at, starting }) => at > 60_000 && starting).map(({ at }) => at);
  t.ok((started.at(-1) ?? 0) > 170_000 && (started.at(-1) ?? 0) <= 185_000, `${started.at(-1)}`);
});
