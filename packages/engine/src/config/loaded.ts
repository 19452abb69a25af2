import { isAbsolute, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Checked } from '@hybrid-soak/contract/fault.ts';
import type { ConfigFlags, Files } from './files.ts';
import { keptConfig } from './kept.ts';

/** The configuration that the engine runs on. */
export interface Loaded extends Files {
  /** Move a corrupt database aside and start a new one. */
  recover: boolean;
  /** Reads the same files again. */
  again(): Promise<Checked<Files>>;
}

/**
 * Reads and checks the configuration that the flags name (see `load.ts`), in a thread of its own: the 8 MB of parser and
 * schema are freed with the thread, and the rest of the start-up runs beside it.
 */
export async function load({ recover = false, ...flags }: ConfigFlags): Promise<Checked<Loaded>> {
  const again = () =>
    new Promise<Checked<Files>>((done, failed) => {
      const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: flags });
      thread.once('message', done);
      thread.once('error', failed);
    });
  const kept = keptConfig(flags, process.env);
  const read: Checked<Files> = kept === null ? await again() : { ok: true, value: kept };
  return read.ok ? { ok: true, value: { ...read.value, recover, again } } : read;
}

/** A path of the config is relative to the working directory, which the unit sets. */
export const fromHere = (path: string): string => (isAbsolute(path) ? path : resolve(path));
