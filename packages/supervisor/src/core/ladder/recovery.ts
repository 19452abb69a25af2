import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { connectionOf } from '../connection-state.ts';
import { BLIND_MS } from '../look/meter.ts';
import type { Draft } from '../records.ts';
import { isSettled } from '../start-up.ts';
import type { State } from '../state.ts';
import type { LadderMemory } from './memory.ts';
import type { LadderStep } from './rungs.ts';
import { perFrame, type Rates, rates } from './use.ts';

/** A rung that was not measured is taken to have halved the engine's CPU time. */
const UNMEASURED = 2;

/**
 * For each lower rung: since when, without a break, every limit would be kept on it with room to spare. The CPU part is
 * scaled by what the engine would use there; memory and I/O are taken as they are. An engine whose exchange is away uses
 * nothing, which says nothing of any rung: no rung is good then.
 */
export function trackGood(draft: Draft, elapsed: number): void {
  const { state } = draft;
  const { ladder, clock } = state;
  const at = rungIndex(state);
  const factors = isSettled(state) && !isAway(draft) ? cpuFactors(state, at) : null;
  ladder.goodSince = ladder.steps.map((_, i) => {
    const factor = factors?.[i];
    if (i >= at || i < ladder.found || factor === undefined || !isGood(draft, factor)) return null;
    return elapsed > BLIND_MS ? clock.now : (ladder.goodSince[i] ?? clock.now);
  });
}

const isAway = ({ observation: { heartbeat } }: Draft): boolean =>
  heartbeat.available && connectionOf(heartbeat.value) === 'disconnected';

/**
 * The lowest rung that is good, once it has been so throughout the hold, and for how long, ms; else null. A higher one that
 * has been good for longer is not taken on the way: straight back is one restart, and a change begins every hold again.
 */
export function recoverable({ ladder, clock }: State): { step: LadderStep; heldMs: number } | null {
  const lowest = ladder.steps.findIndex((_, i) => (ladder.goodSince[i] ?? null) !== null);
  const step = ladder.steps[lowest];
  const heldMs = clock.now - (ladder.goodSince[lowest] ?? clock.now);
  return step !== undefined && heldMs >= ladder.recoverHoldMs ? { step, heldMs } : null;
}

export const rungIndex = ({ ladder }: State): number => ladder.steps.findIndex(({ rung }) => rung === ladder.wouldBe);

/** Blind is not calm. With an unknown share the pressure itself has to be below. */
function isGood({ state, look }: Draft, cpuFactor: number): boolean {
  const { recover_fraction } = state.options.parameters;
  return RESOURCES.every((r) => {
    const { part } = look.parts[r];
    if (look.pressure[r] === null) return false;
    const expected = part === null ? look.pressure[r] : r === 'cpu' ? part * cpuFactor : part;
    return expected < recover_fraction * look.limits[r];
  });
}

/**
 * What the engine would use on each rung, as a multiple of its use now. CPU there = now + effect x frames a second for each
 * rung left; never more than as many times as it keeps more frames.
 */
function cpuFactors({ ladder, options }: State, at: number): number[] {
  // `logonly` has changed nothing: the engine uses already what it would use there.
  if (options.psi_actions === 'logonly') return ladder.steps.map(() => 1);
  const since = typeof ladder.inForceSince === 'number' ? ladder.inForceSince : undefined;
  const now = rates(ladder.use, options.parameters.window_s * 1000, since);
  const factors = ladder.steps.map(() => 1);
  let use = now === null || now.cpu <= 0 ? 1 : now.cpu;
  const first = use;
  for (let i = at; i > 0; i--) {
    const [left, below] = [ladder.steps[i] as LadderStep, ladder.steps[i - 1] as LadderStep];
    const effect = ladder.effects[left.rung];
    const most = use * (left.sample_every / below.sample_every);
    use = effect === undefined || now === null ? use * UNMEASURED : Math.min(use + effect * now.frames, most);
    factors[i - 1] = use / first;
  }
  const kept = byKept(ladder, now);
  return kept === null ? factors : factors.map((factor, i) => Math.min(factor, kept(ladder.steps[i] as LadderStep)));
}

/**
 * The same by what a kept frame costs now: the use beyond what receiving costs, which is as it was measured. An effect that
 * was measured in a burst would hold a calm market back for ever. Null if that is unknown.
 */
function byKept({ receiveUsec, sampleEvery }: LadderMemory, now: Rates | null): ((step: LadderStep) => number) | null {
  const usec = perFrame(now);
  if (receiveUsec === null || usec === null || usec <= receiveUsec) return null;
  return ({ sample_every }) => (receiveUsec + ((usec - receiveUsec) * sampleEvery) / sample_every) / usec;
}
