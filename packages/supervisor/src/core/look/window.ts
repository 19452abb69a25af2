/** The counters of one observation; null where a sensor was blind. All but `throttled` (periods) are microseconds. */
export interface Counters {
  cpu: number | null;
  memory: number | null;
  io: number | null;
  /** Stall time of the engine's own cgroup. */
  cgroupMemory: number | null;
  cgroupIo: number | null;
  cgroupFull: number | null;
  engineCpu: number | null;
  hostCpu: number | null;
  throttled: number | null;
}

/** `mono`: monotonic milliseconds. */
export interface Sighting extends Counters {
  mono: number;
}

/** Less than this, ms, is not a span to take a rate over. */
const MIN_SPAN_MS = 1000;

/** The sightings with one more, cut to what the rate needs. */
export function extend(seen: readonly Sighting[], next: Sighting, windowMs: number): readonly Sighting[] {
  if (seen.at(-1)?.mono === next.mono) return seen;
  const from = next.mono - windowMs;
  // One sighting at or before the window's start stays, so that the window is covered whole.
  let first = 0;
  while (first + 1 < seen.length && (seen[first + 1] as Sighting).mono <= from) first++;
  const kept = seen.slice(first);
  kept.push(next);
  return kept;
}

/** Microseconds a second over the window, as a share of wall time in percent; null until two sightings span a second. */
export function ratePercent(seen: readonly Sighting[], counter: keyof Counters): number | null {
  const first = spanStart(seen, counter);
  const grown = growthFrom(seen, counter, first);
  return grown === null ? null : (grown / (spanMs(seen, first) * 1000)) * 100;
}

/** How much a counter grew over the window; null where there is no span. */
export function growth(seen: readonly Sighting[], counter: keyof Counters): number | null {
  return growthFrom(seen, counter, spanStart(seen, counter));
}

/** How much of `whole`'s growth was `part`'s, over the time in which both were seen; null where that is less than `leastMs`. */
export function share(
  seen: readonly Sighting[],
  part: keyof Counters,
  whole: keyof Counters,
  leastMs: number,
): number | null {
  const first = Math.max(spanStart(seen, part), spanStart(seen, whole));
  if (first >= seen.length || spanMs(seen, first) < leastMs) return null;
  const own = growthFrom(seen, part, first);
  const all = growthFrom(seen, whole, first);
  if (own === null || all === null) return null;
  return all > 0 ? own / all : 0;
}

/** Where the counter's unbroken span begins: a blind sighting breaks it, and so does a total that went down (a reset). */
function spanStart(seen: readonly Sighting[], counter: keyof Counters): number {
  let at = seen.length - 1;
  let later = seen[at]?.[counter] ?? null;
  if (later === null) return seen.length;
  while (at > 0) {
    const earlier = (seen[at - 1] as Sighting)[counter];
    if (earlier === null || earlier > later) break;
    later = earlier;
    at--;
  }
  return at;
}

function growthFrom(seen: readonly Sighting[], counter: keyof Counters, first: number): number | null {
  if (first >= seen.length || spanMs(seen, first) < MIN_SPAN_MS) return null;
  return ((seen.at(-1) as Sighting)[counter] as number) - ((seen[first] as Sighting)[counter] as number);
}

const spanMs = (seen: readonly Sighting[], first: number) =>
  (seen.at(-1) as Sighting).mono - (seen[first] as Sighting).mono;
