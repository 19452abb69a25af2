import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Busy loops, more than there are cores, so that tasks wait. Threads: they end with this process, however it ends. */
export function press(loops = availableParallelism() * 3): { release(): Promise<void> } {
  const workers = Array.from({ length: loops }, () => new Worker('for (;;);', { eval: true }));
  return {
    async release() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
