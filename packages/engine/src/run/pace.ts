import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import type { ProcessClock } from '../process/clock.ts';
import { MinuteFigures } from '../process/minute-figures.ts';
import type { Writer } from '../store/writer.ts';

const LOOK_MS = 10_000;

/**
 * How long rows take and how late the loop is. One stamp a batch: the latency is that of a batch's first frame, so no row took
 * longer. The loop's delay is how late its own timers are: a monitor of its own would wake it while it rests.
 */
export function measurePace(writer: Writer, clock: ProcessClock) {
  const latency = new MinuteFigures();
  const delay = new MinuteFigures();
  const late = (ms: number) => delay.record(ms * 1000);
  /** Once a second, kept until the next look: at rest a number in a list costs less than a call of the histogram. */
  const delays: number[] = [];
  writer.onCommitted = (tookUs) => latency.record(tookUs);
  clock.every(1000, () => {
    delays.push(clock.lateMs());
    const tookUs = writer.takeLatency();
    if (tookUs > 0) latency.record(tookUs);
  });
  clock.every(LOOK_MS, () => {
    latency.look();
    for (const ms of delays.splice(0)) late(ms);
    delay.look();
  });
  return {
    late,
    vitals(): Pick<Vitals, 'latency_us' | 'loop_delay_p99_ms'> {
      const p99 = delay.last()?.p99;
      return { latency_us: latency.last(), ...(p99 === undefined ? {} : { loop_delay_p99_ms: p99 / 1000 }) };
    },
  };
}
