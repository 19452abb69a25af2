import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { hostPressure } from '../adapters/pressure.ts';

/** Above this, percent, a limit of time that was missed says nothing: the policy's own limit on the CPU. */
const BUSY_PERCENT = 20;

/**
 * From the call on, whether the host was too busy for a limit of time to be judged: whether its tasks waited for CPU, memory or disk
 * for more of the time than that. A resource whose pressure cannot be read counts as calm, so that the limit stands.
 */
export function hostStall(host = hostPressure()): { tooBusy(): boolean } {
  const totals = () => {
    const read = host.read();
    return RESOURCES.map((name) => {
      const reading = read[name];
      return reading.available ? reading.value.some.total : null;
    });
  };
  const [at, before] = [monotonicMs(), totals()];
  return {
    tooBusy() {
      const usec = (monotonicMs() - at) * 1000;
      return totals().some((total, n) => {
        const first = before[n] ?? null;
        return total !== null && first !== null && ((total - first) / usec) * 100 > BUSY_PERCENT;
      });
    },
  };
}
