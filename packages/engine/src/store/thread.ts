import type { Worker } from 'node:worker_threads';
import { type Beat, beatOver } from './beat.ts';

/** The writer's thread. It waits in one call of the kernel until it knows what to open. */
export interface WriterThread {
  worker: Worker;
  beat: Beat;
}

let started: WriterThread | null = null;

/** Starts the thread of the next writer. It takes as long to start as the rest of the program, which runs beside it then. */
export function startThread(): void {
  started ??= newThread();
}

/** The thread that waits, or else a new one. */
export function takeThread(): WriterThread {
  const thread = started ?? newThread();
  started = null;
  return thread;
}

function newThread(): WriterThread {
  const beat = beatOver();
  // Loaded only here: other programs share a bundle with this, and it takes their start 2 ms.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: beat.memory,
    // It makes little garbage: a large young generation would only be memory.
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  return { worker, beat };
}
