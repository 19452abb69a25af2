import { LONGEST_REST_WHILE_DOWN_MS } from './backoff.ts';

/** What is known of a source when the next one is chosen; times are monotonic milliseconds. */
export interface Candidate {
  /** 0 is the best. */
  index: number;
  backoff: { readyAt: number; readyAtWhileDown(): number };
  /** When it was last lost or could not be connected; null if it has worked since, or was never tried. */
  failedAt: number | null;
}

/**
 * The source to try while none works. Those that may be tried now come first: of them the ones that have not failed since they
 * last worked, by priority, then the least recently tried. If none may be tried now, the one that may be tried first.
 * `lost` is the one that has just been lost, which is not ready however short its backoff is, unless it is the only one.
 */
export function chooseNext<C extends Candidate>(all: readonly C[], lost: C | null, nowMs: number): C {
  const ready = all.filter((one) => one !== lost && one.backoff.readyAtWhileDown() <= nowMs);
  const best = ready.sort(
    (a, b) => (a.failedAt ?? Number.NEGATIVE_INFINITY) - (b.failedAt ?? Number.NEGATIVE_INFINITY) || a.index - b.index,
  )[0];
  return best ?? all.reduce((a, b) => (b.backoff.readyAtWhileDown() < a.backoff.readyAtWhileDown() ? b : a));
}

/** The working source, as far as the choice of another beside it goes. */
export interface Working<C extends Candidate> {
  lane: C;
  /** It has had no trade for its threshold. */
  stale: boolean;
  /** Its server has announced that it will close the connection. */
  leaving: boolean;
}

/** Whether another source should be tried beside the working one. */
export const wantsProbe = ({ lane, stale, leaving }: Working<Candidate>): boolean => lane.index > 0 || stale || leaving;

/**
 * The source to probe beside the working one; undefined if none may be tried now. If the working one is leaving: itself first,
 * then the others. Otherwise in turn, after `last`, the index of the one probed before: the better ones, or, if it has no
 * trades, all others; itself if it is the only one.
 */
export function chooseProbe<C extends Candidate>(
  all: readonly C[],
  { lane: working, stale, leaving }: Working<C>,
  last: number,
  nowMs: number,
): C | undefined {
  const able = all.filter(({ backoff }) => backoff.readyAt <= nowMs);
  if (leaving) return able.find((one) => one === working) ?? able.find(({ failedAt }) => failedAt === null) ?? able[0];
  const wanted = able.filter((one) => one.index < working.index || (stale && (one !== working || all.length === 1)));
  return wanted.find(({ index }) => index > last) ?? wanted[0];
}

/** An attempt that takes longer has another one beside it, and that one is replaced after as long. */
const RACE_MS = 4000;
/** Even a slow connection opens in this time. */
const LEAST_RACE_MS = 1500;

/** How long an attempt may take before another one is made beside it: so short that each of `sources` has its turn in one rest. */
export const raceMs = (sources: number): number =>
  Math.max(LEAST_RACE_MS, Math.min(RACE_MS, Math.floor(LONGEST_REST_WHILE_DOWN_MS / sources)));

/** The source to try beside an attempt at `tried` that takes long: another one if any may be tried now, else the same. */
export function chooseRival<C extends Candidate>(all: readonly C[], tried: C, nowMs: number): C {
  const others = all.filter((one) => one !== tried && one.backoff.readyAtWhileDown() <= nowMs);
  return others.length > 0 ? chooseNext(others, null, nowMs) : tried;
}
