import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { maskUrls } from '@hybrid-soak/contract/mask-url.ts';
import type { Clock } from '../core/clock.ts';
import { Backoff } from '../core/connection/backoff.ts';
import { recall, type SourceHealth } from '../core/connection/health.ts';
import type { Loss } from '../core/connection/loss.ts';
import type { Attempts } from '../core/connection/outage.ts';
import { venueOf } from '../core/exchanges.ts';
import type { FrameOrigin } from '../core/frame-origin.ts';
import { symbolOfUrl } from '../core/symbol.ts';
import type { Exchange } from './exchanges/exchange.ts';
import { exchangeOf } from './exchanges/exchanges.ts';

export interface SourcesRules {
  connection: Config['connection'];
  /** Deadlines of the process, ms; they end it only if no source is left to try. */
  unreachableMs: number;
  garbageMs: number;
  clock: Clock;
  /** How long reads may be gathered now; 0 = not at all. */
  coalesceMs(): number;
  /** What earlier processes learnt of the sources. */
  learnt: SourceHealth[];
}

/** A source, what is known of it before it is connected, and how its attempts went. */
export interface Lane {
  /** 0 is the best. */
  index: number;
  source: Source;
  exchange: Exchange | undefined;
  backoff: Backoff;
  from: FrameOrigin;
  /** When it was last lost, monotonic ms; null if it has worked since, or was never tried. */
  failedAt: number | null;
  attempts: Attempts;
}

/** One lane for each source, the best first. */
export function lanesOf(sources: Source[], rules: Config['connection'], learnt: SourceHealth[]): Lane[] {
  const ordered = [...sources].sort((a, b) => a.priority - b.priority);
  return ordered.map((source, index) => {
    const from = {
      name: source.name,
      symbol: symbolOfUrl(source.url) || (source.symbol ?? ''),
      wireSymbol: source.symbol,
      venue: venueOf(source),
    };
    const backoff = new Backoff(rules, Math.random);
    const attempts = { endedAt: null, garbageAt: null };
    const lane: Lane = { index, source, exchange: exchangeOf(source), backoff, from, failedAt: null, attempts };
    const known = learnt.find(({ name, url }) => name === source.name && url === maskUrls(source.url));
    if (known !== undefined) resume(lane, known, rules.refused_backoff_ms);
    return lane;
  });
}

function resume(lane: Lane, known: SourceHealth, longestRestMs: number): void {
  const recalled = recall(known, Date.now(), longestRestMs);
  if (recalled === null) return;
  const now = performance.now();
  lane.failedAt = now - recalled.agoMs;
  lane.backoff.resume(now + recalled.restMs, recalled.isLimited, now - recalled.agoMs);
}

/** What is to be remembered of it. */
export function healthOf({ source, backoff }: Lane, verdict: 'ok' | Loss): SourceHealth {
  const nowMs = Date.now();
  const restMs = verdict === 'ok' ? 0 : Math.max(0, backoff.readyAt - performance.now());
  const restUntilMs = Math.round(nowMs + restMs);
  return { name: source.name, url: maskUrls(source.url), verdict, notedMs: nowMs, restUntilMs };
}
