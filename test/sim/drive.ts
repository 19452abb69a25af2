import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import type { Ending } from '@hybrid-soak/supervisor/core/ending/totals.ts';
import type { State } from '@hybrid-soak/supervisor/core/state.ts';
import { begin, step, type Verdict } from '@hybrid-soak/supervisor/core/step.ts';
import { between, seeded } from './random.ts';
import type { Scenario } from './scenario.ts';
import { World } from './world.ts';

/** A run that goes on this long, ms, past its time is a run that does not end. */
const OVERTIME_MS = 3_600_000;

/** A quota that kept the engine waiting this shortly ago, ms, is within any window. */
const THROTTLED_MS = 1000;

/** One observation of a run: what was decided, and how things really were. Times are milliseconds of the run. */
export interface Entry {
  at: number;
  phase: State['phase'];
  ended: boolean;
  /** Why the step did what it did. */
  verdict: string;
  /** Over its effective limit, by the step's own numbers; whether all is below the share of it that counts as calm. */
  over: Resource[];
  calm: boolean;
  records: LoggedDecision[];
  effects: Effect[];
  /** Rows that came into sight. */
  newRows: number;
  /** Since when the engine has really been frozen; null where it is not. */
  frozenSince: number | null;
  /** Whether it is connected and flushes, with trades or without. */
  alive: boolean;
  /** Whether the unit is between two states, and whether a quota kept the engine waiting within the window. */
  changing: boolean;
  throttled: boolean;
  /** `[engine] sample_every` in force by the step's word while no effect is under way, and in the file. */
  said: number | null;
  config: number;
  psi: boolean;
  cgroup: boolean;
  asked: boolean;
}

export interface Trace {
  scenario: Scenario;
  entries: Entry[];
  ending: Ending | null;
  /** `[engine] sample_every` when it was over. */
  config: number | null;
}

/** One soak from its first observation to its end. `policy` is `step`, or a broken one. */
export function drive(scenario: Scenario, seed: number, policy: typeof step = step): Trace {
  const world = new World(scenario, seed);
  const lateness = seeded(seed ^ 0x1a7e);
  const interval = scenario.options.interval_s * 1000;
  const entries: Entry[] = [];
  let state = begin(scenario.options);
  let ending: Ending | null = null;
  let due = 0;
  while (ending === null && world.at < scenario.options.duration_s * 1000 + OVERTIME_MS) {
    // A supervisor that is kept from running hears of nothing meanwhile.
    const late = world.has('late') ? between(lateness, 0, 60_000) : 0;
    const to = late > 0 ? due + late : Math.min(due, Math.max(world.at, world.nextOutcome()));
    const observation = world.observe(world.advanceTo(to), to >= due);
    const next = policy(state, observation);
    state = next.state;
    ending = next.ending;
    const effects = next.decisions.flatMap(({ effect }) => (effect === null ? [] : [effect]));
    const { cgroup, unit, requests } = observation;
    entries.push({
      at: world.at,
      phase: state.phase,
      ended: state.ending !== null,
      verdict: next.verdict.reason,
      ...seen(next.verdict, scenario.options.parameters.recover_fraction),
      records: next.decisions.map(({ record }) => record),
      effects,
      newRows: observation.progress.available ? observation.progress.value.new_rows : 0,
      frozenSince: world.engine.frozenSince(world.at),
      alive: world.engine.connection === 'connected' && world.engine.frozenSince(world.at) === null,
      changing: unit.available && /ing$/.test(unit.value.active_state),
      throttled: cgroup.available && world.engine.throttledAt >= world.at - THROTTLED_MS,
      said: state.effects.pending === null ? state.ladder.sampleEvery : null,
      config: world.config ?? 1,
      psi: observation.psi.cpu.available,
      cgroup: cgroup.available,
      asked: requests.abort !== null || requests.signal !== null,
    });
    for (const effect of effects) world.begin(effect);
    while (due <= world.at) due += interval;
  }
  return { scenario, entries, ending, config: world.config };
}

function seen({ pressure, effective_limit }: Verdict, calmShare: number): Pick<Entry, 'over' | 'calm'> {
  const below = (resource: Resource, share: number) => (pressure[resource] ?? 100) < share * effective_limit[resource];
  return {
    over: RESOURCES.filter((r) => pressure[r] !== null && (pressure[r] as number) > effective_limit[r]),
    calm: RESOURCES.every((r) => pressure[r] !== null && below(r, calmShare)),
  };
}
