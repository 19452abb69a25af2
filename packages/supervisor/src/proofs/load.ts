import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Loops of a quick proof are busy for this part of the time, all at once: they wait for each other, and leave other work its time. */
const QUICK_PART = 0.6;
const TURN_MS = 200;
const QUICK_LOOP = `
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const at = Date.now() % ${TURN_MS};
    if (at >= ${QUICK_PART * TURN_MS}) Atomics.wait(never, 0, 0, ${TURN_MS} - at);
  }`;

/** As words of a method. */
export const busyWords = (quick: boolean): string => (quick ? `busy for ${QUICK_PART * 100} % of the time` : 'busy');

/** The host's CPU stall time that such loops make on the cores that they have, percent, at the least. */
export const pressureOf = (quick: boolean): number => (quick ? 20 : 40);

/** Busy loops, more than there are cores, so that tasks wait. Threads: they end with this process, however it ends. */
export function press(quick: boolean, loops = availableParallelism() * 3): { release(): Promise<void> } {
  const loop = quick ? QUICK_LOOP : 'for (;;);';
  const workers = Array.from({ length: loops }, () => new Worker(loop, { eval: true }));
  return {
    async release() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
