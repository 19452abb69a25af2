import { Worker } from 'node:worker_threads';

/**
 * Starts the persistence thread, which loads its modules and then waits for its rules; see `writer.ts`. Until it is given
 * them it keeps no process alive.
 */
export function startThread(): Worker {
  const thread = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    // It makes little garbage: a large young generation would only be memory.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  return thread;
}
