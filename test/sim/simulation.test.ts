import { configSchema } from '@hybrid-soak/contract/config.ts';
import { decisionSchema } from '@hybrid-soak/contract/decision.ts';
import type { State } from '@hybrid-soak/supervisor/core/state.ts';
import { type Step, step } from '@hybrid-soak/supervisor/core/step.ts';
import t from 'tap';
import { drive } from './drive.ts';
import { broken, INVARIANTS } from './invariants.ts';
import { minimise } from './minimise.ts';
import { seeded } from './random.ts';
import { drawScenario, type Scenario, type Trouble } from './scenario.ts';

const drawn = (seed: number) => drawScenario(seeded(seed), seed, 2);

t.test('three hundred soaks of two hours keep every invariant', async (t) => {
  for (let seed = 1; seed <= 300; seed++) {
    const failure = broken(drive(drawn(seed), seed));
    if (failure !== null) t.fail(`pnpm simulate --seed ${seed} --runs 1: ${failure.invariant}: ${failure.how}`);
  }
});

t.test('the same seed gives the same records, byte for byte; another gives others', async (t) => {
  const records = (seed: number) => JSON.stringify(drive(drawn(seed), seed).entries.flatMap((entry) => entry.records));
  t.equal(records(7), records(7));
  t.not(records(7), records(8));
});

t.test('every record of a simulated soak fits the schema and holds no number that JSON loses', async (t) => {
  for (let seed = 1; seed <= 30; seed++)
    for (const { records } of drive(drawn(seed), seed).entries)
      for (const record of records) t.same(decisionSchema.parse(JSON.parse(JSON.stringify(record))), record);
});

const CALM: Scenario = {
  ...drawn(1),
  ambient: 'flat',
  ambientLevel: 0,
  engineLevel: 60,
  elasticity: 1,
  leak: 0,
  quota: null,
  cgroup: true,
  effectFails: 0,
  effectSlow: 0,
  effectLost: 0,
  troubles: [],
  signalAt: null,
  abortAt: null,
  options: {
    ...drawn(1).options,
    parameters: configSchema.parse({}).soak.policy,
    policy: 'adaptive',
    psi_actions: 'on',
    apply: 'restart',
    calibrate: 'before',
    was_running: false,
    original_sample_every: 1,
  },
};
const trouble = (kind: Trouble['kind'], at: number, until: number): Trouble => ({ kind, at, until, curable: false });

/** `step` with a state that a policy with that defect would have. */
const forgetful =
  (change: (state: State) => { [group in keyof State]?: Partial<State[group]> }): typeof step =>
  (state, observation) => {
    const changed = Object.entries(change(state)).map(([group, values]) => [
      group,
      { ...(state[group as keyof State] as object), ...(values as object) },
    ]);
    return step({ ...state, ...Object.fromEntries(changed) }, observation);
  };
/** `step` whose answer a broken one tampers with. */
const tampered =
  (tamper: (next: Step) => Step): typeof step =>
  (state, observation) =>
    tamper(step(state, observation));

const DEFECTS: { invariant: keyof typeof INVARIANTS; scenario?: Partial<Scenario>; policy: typeof step }[] = [
  {
    invariant: 'at most one rung per cooldown',
    // A restart is measured for as long as a cooldown lasts.
    scenario: { elasticity: 0.3, options: { ...CALM.options, apply: 'reload' } },
    policy: forgetful(() => ({ ladder: { lastChange: null } })),
  },
  {
    invariant: "one rung at a time, never past the ladder's ends",
    scenario: { elasticity: 0.5, leak: 2 },
    policy: forgetful(({ ladder }) => ({ ladder: { steps: ladder.steps.filter(({ rung }) => rung !== 'THROTTLE1') } })),
  },
  {
    invariant: 'the pressure of others never escalates past its first doubt, never aborts',
    scenario: { engineLevel: 0, ambientLevel: 70, ambient: 'ramping' },
    policy: (state, observation) =>
      step(
        { ...state, ladder: { ...state.ladder, lastWhose: 'engine', effective: true } },
        { ...observation, cgroup: { available: false, why: '' } },
      ),
  },
  {
    invariant: 'a frozen engine is detected within threshold and grace',
    scenario: { troubles: [trouble('freeze', 600, 900)] },
    policy: forgetful(({ clock }) => ({ stall: { lastProgress: clock.now } })),
  },
  {
    invariant: 'no restart beyond the budget',
    scenario: { troubles: [trouble('freeze', 600, 3000)] },
    policy: forgetful(() => ({ ladder: { restarts: [] }, stall: { streak: 0 } })),
  },
  {
    invariant: 'every act has an intent before it and an outcome after it',
    policy: tampered((next) => ({ ...next, decisions: next.decisions.filter(({ record }) => !('ok' in record)) })),
  },
  {
    invariant: 'every act has an intent before it and an outcome after it',
    policy: forgetful(() => ({ effects: { pending: null }, unit: { changingSince: null } })),
  },
  {
    invariant: 'the original sample_every is restored',
    policy: tampered((next) => ({ ...next, ending: next.state.ending })),
  },
  {
    invariant: 'no oscillation faster than the flap rule',
    policy: forgetful(() => ({ ladder: { recoverHoldMs: 60_000 } })),
  },
  {
    invariant: 'an operator comes first',
    scenario: { abortAt: 900 },
    policy: (state, observation) => step(state, { ...observation, requests: { abort: null, signal: null } }),
  },
  {
    invariant: 'blindness moves nothing',
    scenario: { troubles: [trouble('no-psi', 30, 7000)] },
    policy: (state, observation) => {
      const line = {
        raw: '',
        avg10: 0,
        avg60: 0,
        avg300: 0,
        total: state.phase === 'running' ? state.clock.now * 500 : 0,
      };
      const psi = { available: true as const, value: { some: line, full: null } };
      return step(state, { ...observation, psi: { cpu: psi, memory: psi, io: psi } });
    },
  },
  {
    invariant: 'what only looks touches nothing',
    scenario: { options: { ...CALM.options, psi_actions: 'logonly' } },
    policy: (state, observation) => step({ ...state, options: { ...state.options, psi_actions: 'on' } }, observation),
  },
  {
    invariant: 'the records tell the rung that is in the file',
    policy: forgetful(() => ({ ladder: { sampleEvery: 7 } })),
  },
  {
    invariant: 'no restart on top of another',
    scenario: { troubles: [{ ...trouble('overload', 600, 610), curable: true }] },
    policy: forgetful(({ clock }) => ({ unit: { changingSince: clock.now - 600_000 } })),
  },
  {
    invariant: 'a soak that is complete has run its time',
    policy: forgetful(({ options }) => ({ options: { ...options, duration_s: 3600 } })),
  },
  {
    invariant: 'an engine that refuses its configuration ends the soak',
    scenario: { troubles: [{ ...trouble('refused', 600, 610), curable: true }] },
    policy: tampered((next) => ({ ...next, ending: null, state: { ...next.state, ending: null } })),
  },
  {
    invariant: 'a rung up follows pressure without a break',
    scenario: { options: { ...CALM.options, parameters: { ...CALM.options.parameters, sustain_s: 60 } } },
    policy: forgetful(({ clock }) => ({
      pressure: { overSince: { cpu: clock.now - 60_000, memory: null, io: null } },
    })),
  },
  {
    invariant: 'a rung down follows calm without a break',
    policy: forgetful(({ clock }) => ({ pressure: { calmSince: clock.now - 600_000 } })),
  },
  {
    invariant: "an engine's own quota moves nothing",
    scenario: { quota: 40 },
    policy: (state, observation) => {
      const { cgroup } = observation;
      if (!cgroup.available) return step(state, observation);
      return step(state, { ...observation, cgroup: { ...cgroup, value: { ...cgroup.value, nr_throttled: null } } });
    },
  },
  {
    invariant: 'an abort for pressure takes its time at the last rung',
    scenario: { elasticity: 0.1, engineLevel: 80 },
    policy: forgetful(({ clock }) => ({ ladder: { effective: true, atTopSince: clock.now - 600_000 } })),
  },
  {
    invariant: 'exit code 13 climbs one rung',
    scenario: { troubles: [{ ...trouble('overload', 600, 610), curable: true }] },
    policy: forgetful(() => ({ ladder: { overload: false } })),
  },
  {
    invariant: 'a stall is acted on before any rung',
    scenario: { troubles: [trouble('freeze', 600, 1500)] },
    policy: forgetful(({ clock }) => ({ unit: { graceUntil: clock.now + 60_000 }, stall: { heldSince: null } })),
  },
  {
    invariant: 'stall restarts in a row end the soak, neither early nor late',
    scenario: { troubles: [trouble('freeze', 600, 1500)] },
    policy: forgetful(() => ({ stall: { streak: 0 } })),
  },
  {
    invariant: 'no rows are a stall in the end',
    scenario: { troubles: [trouble('quiet', 600, 2000)] },
    policy: forgetful(({ options }) => ({
      options: { ...options, parameters: { ...options.parameters, quiet_limit_s: 86_400 } },
    })),
  },
];

for (const { invariant, scenario, policy } of DEFECTS)
  t.test(`a policy that breaks "${invariant}" is caught, and the true one is not`, async (t) => {
    const whole = { ...CALM, ...scenario };
    t.type(INVARIANTS[invariant]?.(drive(whole, 1, policy)), 'string');
    t.equal(broken(drive(whole, 1)), null);
  });

t.test('every invariant has a policy that breaks it', async (t) => {
  t.same(new Set(DEFECTS.map(({ invariant }) => invariant)), new Set(Object.keys(INVARIANTS)));
});

t.test('a failing run is minimised to the one trouble that it takes', async (t) => {
  const freeze = trouble('freeze', 600, 900);
  const noisy = {
    ...CALM,
    effectSlow: 0.3,
    troubles: [trouble('quiet', 100, 110), freeze, trouble('late', 2000, 2100)],
  };
  const policy = forgetful(({ clock }) => ({ stall: { lastProgress: clock.now } }));
  const { scenario } = minimise(noisy, 1, 'a frozen engine is detected within threshold and grace', policy);
  t.same(scenario.troubles, [freeze]);
  t.equal(scenario.effectSlow, 0);
});
