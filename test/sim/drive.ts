import type { Decision } from '@hybrid-soak/contract/decision.ts';
import type { EndReason } from '@hybrid-soak/contract/exit-codes.ts';
import type { EffectOutcome } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from '@hybrid-soak/supervisor/core/effect.ts';
import type { Ending } from '@hybrid-soak/supervisor/core/ending/totals.ts';
import * as meters from '@hybrid-soak/supervisor/core/look/meter.ts';
import type { State } from '@hybrid-soak/supervisor/core/state.ts';
import * as steps from '@hybrid-soak/supervisor/core/step.ts';
import { between, seeded } from './random.ts';
import type { Scenario } from './scenario.ts';
import { type Second, World } from './world.ts';

/** A run that goes on this long, ms, past its time is a run that does not end. */
const OVERTIME_MS = 3_600_000;
const SAMPLE_MS = 1000;
/** Monotonic time at the run's begin, ms. */
export const ORIGIN_MS = 1_000_000;

/** One look: what was decided, and what the supervisor had before it. Times are milliseconds of the run. */
export interface Entry {
  at: number;
  phase: State['phase'];
  /** The ending is decided; it restores, or is done. */
  ended: boolean;
  verdict: steps.Verdict;
  records: Decision[];
  effects: Effect[];
  /** Rows that came into sight. */
  newRows: number;
  /** The unit is between two states. */
  changing: boolean;
  pending: boolean;
  /** `[engine] sample_every` in force by the step's word while no effect is under way, and in the file. */
  said: number | null;
  config: number;
  /** How long a recovery has to wait, ms. */
  holdMs: number;
  psi: boolean;
  share: boolean;
  asked: boolean;
}

export interface Trace {
  scenario: Scenario;
  entries: Entry[];
  /** The truth, second by second. */
  seconds: Second[];
  ending: Ending | null;
  /** `[engine] sample_every` when it was over. */
  config: number | null;
  /** What really happened to the engine without being asked for. */
  truth: { exits: { at: number; reason: EndReason }[]; stoppedBySomebody: number };
}

/** The supervisor is kept from running until then; null if it is not. */
function blockedUntil({ scenario, at, has }: { scenario: Scenario; at: number; has: World['has'] }): number | null {
  for (const trouble of scenario.troubles)
    if (trouble.kind === 'paused' && at >= trouble.at * 1000 && at < trouble.until * 1000) return trouble.until * 1000;
  const { every_ms, late_ms } = scenario.delays;
  const into = every_ms > 0 ? at % every_ms : 0;
  if (late_ms > 0 && into >= every_ms - late_ms) return at + every_ms - into;
  return has('late') ? -1 : null;
}

/** What is tested: the real core, or a copy with a fault in it. */
export interface Core {
  begin: typeof steps.begin;
  step: typeof steps.step;
  newMeter: typeof meters.newMeter;
  takeSample: typeof meters.takeSample;
  partsOf: typeof meters.partsOf;
}
export const CORE: Core = { ...meters, ...steps };

/** One soak from its first observation to its end. */
export function drive(scenario: Scenario, seed: number, core: Core = CORE): Trace {
  const world = new World(scenario, seed);
  const random = seeded(seed ^ 0x1a7e);
  const interval = scenario.options.interval_s * 1000;
  const windowMs = scenario.options.parameters.window_s * 1000;
  const jitter = () => between(random, -scenario.jitter_ms, scenario.jitter_ms);
  const entries: Entry[] = [];
  let state = core.begin(scenario.options);
  let meter = core.newMeter();
  let ending: Ending | null = null;
  let due = 0;
  let sampleAt = 0;
  let lookAt = Number.POSITIVE_INFINITY;
  let pendingOutcomes: EffectOutcome[] = [];
  while (ending === null && world.at < scenario.options.duration_s * 1000 + OVERTIME_MS) {
    const next = Math.max(world.at, Math.min(due, sampleAt, lookAt));
    const blocked = blockedUntil({ scenario, at: next, has: (kind) => world.has(kind) });
    const late = blocked === -1 ? next + between(random, 0, 20_000) : blocked;
    const to = late ?? (next === 0 ? 0 : Math.max(world.at, next + jitter()));
    pendingOutcomes.push(...world.advanceTo(to, late === null));
    const isDue = world.at >= due - scenario.jitter_ms;
    if (world.at >= sampleAt - scenario.jitter_ms) {
      meter = core.takeSample(meter, world.sense(), windowMs);
      while (sampleAt <= world.at + scenario.jitter_ms) sampleAt += SAMPLE_MS;
    }
    const wanted = isDue || world.at >= lookAt - scenario.jitter_ms || pendingOutcomes.length > 0;
    if (!wanted) continue;
    const observation = world.observe(pendingOutcomes, isDue);
    pendingOutcomes = [];
    const answer = core.step(state, { ...observation, parts: core.partsOf(meter) });
    ({ state, ending } = answer);
    const effects = answer.decisions.flatMap(({ effect }) => (effect === null ? [] : [effect]));
    const { cgroup, process, unit, requests } = observation;
    const { look_at } = answer.verdict as steps.Verdict & { look_at?: number };
    lookAt = look_at === undefined ? Number.POSITIVE_INFINITY : look_at - ORIGIN_MS;
    if (lookAt <= world.at) lookAt = world.at + SAMPLE_MS;
    entries.push({
      at: world.at,
      phase: state.phase,
      ended: state.ending !== null,
      verdict: answer.verdict,
      records: answer.decisions.map(({ record }) => record),
      effects,
      newRows: observation.progress.available ? observation.progress.value.new_rows : 0,
      changing: unit.available && /ing$/.test(unit.value.active_state),
      pending: state.effects.pending !== null,
      said: state.effects.pending === null ? state.ladder.sampleEvery : null,
      config: world.config ?? 1,
      holdMs: state.ladder.recoverHoldMs,
      psi: observation.psi.cpu.available,
      share: cgroup.available || process?.available === true,
      asked: requests.abort !== null || requests.signal !== null,
    });
    for (const effect of effects) world.begin(effect);
    while (due <= world.at + scenario.jitter_ms) due += interval;
  }
  return {
    scenario,
    entries,
    seconds: world.seconds,
    ending,
    config: world.config,
    truth: { exits: world.engine.exits, stoppedBySomebody: world.stoppedBySomebody },
  };
}
