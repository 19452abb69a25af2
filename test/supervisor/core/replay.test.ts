import { type Observation, observationSchema } from '@hybrid-soak/contract/sample.ts';
import { actsOf, replayer, withoutActs } from '@hybrid-soak/supervisor/core/replay.ts';
import { step } from '@hybrid-soak/supervisor/core/step.ts';
import t from 'tap';
import { drive } from '../../sim/drive.ts';
import { seeded } from '../../sim/random.ts';
import { drawScenario, type Scenario } from '../../sim/scenario.ts';
import { PARAMETERS } from './conditions.ts';

/** A simulated run: what it decided, and what it saw, through the text of a samples file. */
function recorded(scenario: Scenario, seed: number) {
  const observations: Observation[] = [];
  const trace = drive(scenario, seed, (state, observation) => {
    observations.push(JSON.parse(JSON.stringify(observationSchema.parse(observation))));
    return step(state, observation);
  });
  return { decisions: trace.entries.flatMap(({ records }) => records), observations };
}

const lines = (records: unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');

t.test("a run's own samples under its own policy give its own decisions, byte for byte", async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    const scenario = drawScenario(seeded(seed), seed, 2);
    const { decisions, observations } = recorded(scenario, seed);
    const player = replayer(JSON.parse(JSON.stringify(scenario.options)), 'recorded');
    for (const observation of observations) player.take(observation);
    t.equal(lines(player.end().decisions), lines(decisions), `seed ${seed}`);
  }
});

t.test('under another policy the restarts that were made then are not taken for exits', async (t) => {
  const drawn = drawScenario(seeded(1), 1, 2);
  const options = {
    ...drawn.options,
    parameters: PARAMETERS,
    was_running: false,
    calibrate: 'before' as const,
    policy: 'classic' as const,
    psi_actions: 'on' as const,
    original_sample_every: 1,
  };
  const quiet = { troubles: [], effectFails: 0, effectLost: 0, signalAt: null, abortAt: null };
  const { decisions, observations } = recorded(
    { ...drawn, ...quiet, options, ambient: 'bursty', ambientLevel: 60, engineLevel: 10, elasticity: 1 },
    1,
  );
  t.ok(decisions.filter(({ action }) => action === 'ENGINE_RESTARTED').length > 3, 'classic has restarted');
  const player = replayer({ ...options, policy: 'adaptive', calibrate: 'live' }, 'assumed');
  const see = withoutActs(observations.flatMap(actsOf));
  for (const observation of observations) player.take(see(observation));
  const { decisions: now, state } = player.end();
  t.same(
    now.filter(({ action }) => action === 'ENGINE_EXIT'),
    [],
  );
  t.equal(state.unit.crashes, 0);
});
