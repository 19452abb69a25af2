import { LONGEST_RETRY_AFTER_MS, type Loss } from './loss.ts';

/**
 * What was learnt of a source, as it survives the process (table `source_health`). Wall time in milliseconds: monotonic time
 * does not outlive a boot.
 */
export interface SourceHealth {
  name: string;
  /** Without user, password and query. */
  url: string;
  /** How it ended last; `ok` if it works or is not known to be bad. */
  verdict: 'ok' | Loss;
  /** When that was. */
  notedMs: number;
  /** Not to be tried before. */
  restUntilMs: number;
}

const OLDEST_MS = 86_400_000;

/** How much of a rest is left, ms, and how long ago the source failed; null if what was learnt says nothing now. */
export function recall(
  { verdict, notedMs, restUntilMs }: SourceHealth,
  nowMs: number,
  longestRestMs: number,
): { restMs: number; agoMs: number; isLimited: boolean } | null {
  const agoMs = nowMs - notedMs;
  // The clock was set, or it is an old story.
  if (verdict === 'ok' || agoMs < 0 || agoMs > OLDEST_MS) return null;
  const isLimited = verdict === 'limited';
  const longestMs = isLimited ? Math.max(longestRestMs, LONGEST_RETRY_AFTER_MS) : longestRestMs;
  const restMs = Math.min(Math.max(0, restUntilMs - nowMs), longestMs);
  return { restMs, agoMs, isLimited };
}
