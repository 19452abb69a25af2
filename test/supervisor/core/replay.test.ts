import { type Observation, observationSchema } from '@hybrid-soak/contract/sample.ts';
import { actsOf, replayer, withoutActs } from '@hybrid-soak/supervisor/core/replay.ts';
import { step } from '@hybrid-soak/supervisor/core/step.ts';
import t from 'tap';
import { CORE, drive } from '../../sim/drive.ts';
import { seeded } from '../../sim/random.ts';
import { BACKGROUND, CALM_ENGINE, defaultOptions, drawScenario, type Scenario } from '../../sim/scenario.ts';

/** A simulated run: what it decided, and what it saw, through the text of a samples file. */
function recorded(scenario: Scenario, seed: number) {
  const observations: Observation[] = [];
  const seen: typeof step = (state, observation) => {
    observations.push(JSON.parse(JSON.stringify(observationSchema.parse(observation))));
    return step(state, observation);
  };
  const trace = drive(scenario, seed, { ...CORE, step: seen });
  return { decisions: trace.entries.flatMap(({ records }) => records), observations };
}

const lines = (records: unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');

t.test("a run's own samples under its own policy give its own decisions, byte for byte", async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    const scenario = drawScenario(seeded(seed), seed, 1);
    const { decisions, observations } = recorded(scenario, seed);
    const player = replayer(JSON.parse(JSON.stringify(scenario.options)), 'recorded');
    for (const observation of observations) player.take(observation);
    t.equal(lines(player.end().decisions), lines(decisions), `seed ${seed}`);
  }
});

t.test('under another policy the restarts that were made then are not taken for exits', async (t) => {
  const busy = { ...CALM_ENGINE, rate: 4000, receive_us: 400, keep_us: 1200, threads: 6 };
  const scenario: Scenario = {
    ...drawScenario(seeded(1), 1, 1),
    options: { ...defaultOptions(1, 600), policy: 'classic', was_running: true },
    ...{ cpus: 2, engine: busy, hogs: [], neighbours: [BACKGROUND], troubles: [], cgroup: true },
    ...{ effectFails: 0, effectSlow: 0, effectLost: 0, signalAt: null, abortAt: null },
  };
  const { options } = scenario;
  const { decisions, observations } = recorded(scenario, 1);
  t.ok(decisions.filter(({ action }) => action === 'ENGINE_RESTARTED').length > 2, 'classic has restarted');
  const player = replayer({ ...options, policy: 'adaptive' }, 'assumed');
  const see = withoutActs(observations.flatMap(actsOf));
  for (const observation of observations) player.take(see(observation));
  const { decisions: now, state } = player.end();
  t.same(
    now.filter(({ action }) => action === 'ENGINE_EXIT'),
    [],
  );
  t.equal(state.unit.exits, 0);
});

t.test(
  'a recording that is cut off while the soak restores is judged; one that is cut off before is not',
  async (t) => {
    const scenario = { ...drawScenario(seeded(1), 1, 1), options: { ...defaultOptions(1, 600), was_running: true } };
    const calm = { ...scenario, engine: CALM_ENGINE, hogs: [], neighbours: [BACKGROUND], troubles: [] };
    const whole = { ...calm, effectFails: 0, effectSlow: 0, effectLost: 0, signalAt: null, abortAt: null };
    const { observations } = recorded(whole, 1);
    const judged = (last: number, thresholds: typeof whole.options.thresholds) => {
      const player = replayer({ ...whole.options, thresholds }, 'recorded');
      for (const observation of observations.slice(0, last)) player.take(observation);
      return player.end().ending;
    };
    t.match(judged(-1, {}), { verdict: 'PASS' });
    t.match(judged(-1, { min_ticks_per_second: 1e6 }), { verdict: 'FAIL', exit_code: 21 });
    t.match(judged(-5, {}), { verdict: 'INCONCLUSIVE', exit_code: 22, reason: /^unfinished/ });
  },
);
