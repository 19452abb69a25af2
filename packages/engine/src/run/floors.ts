import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../process/log.ts';
import { privateBytes } from '../process/vitals.ts';
import { collect } from '../store/collect.ts';
import type { Writer } from '../store/writer.ts';

/** Memory right after a collection is flat if nothing leaks; between two it is a saw-tooth whose tooth may last 40 minutes. */
const FLOOR_MS = 300_000;
const LEAST_MS = 100;
/** For proofs and tests: they cannot wait for five minutes. */
const VARIABLE = 'HYBRID_FLOOR_INTERVAL_MS';

/** Collects every thread's heap each `everyMs`; the answer is the last floor. `done` is called after each. */
export function floors(writer: Writer, clock: Clock, everyMs: number, done: () => void): () => Vitals['floor'] {
  let floor: NonNullable<Vitals['floor']> | null = null;
  writer.onCollected = (ofWriter) => {
    const heap_bytes = collect() + ofWriter;
    const private_bytes = privateBytes();
    if (private_bytes === null) return;
    floor = { mono_ms: Math.round(performance.now()), heap_bytes, private_bytes };
    done();
  };
  clock.every(everyMs, () => writer.collect());
  return () => floor;
}

/** Milliseconds between two floors. */
export function floorInterval(log: Log): number {
  const text = process.env[VARIABLE];
  if (text === undefined) return FLOOR_MS;
  const ms = Number(text);
  if (Number.isInteger(ms) && ms >= LEAST_MS) return ms;
  log.warn(`${VARIABLE}: ${text} is not an interval; valid: whole milliseconds from ${LEAST_MS}`);
  return FLOOR_MS;
}
