import { setTimeout as delay } from 'node:timers/promises';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { isRefusal } from './connect.ts';
import { isLate, Pace } from './pace.ts';
import { Stop } from './stop.ts';

const FIRST_MS = 250;
const MOST_MS = 15_000;

/**
 * Runs a session until it ends by itself or by the signal. Whatever goes wrong ends the session, and the next one begins after a
 * pause that grows while sessions are short. Throws Stop for what only a person can correct.
 */
export async function again(
  session: (pace: Pace) => Promise<void>,
  log: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const pace = new Pace();
  let pause = FIRST_MS;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await session(pace);
      return;
    } catch (error) {
      if (error instanceof Stop) throw error;
      refuse(error as Error);
      if (signal.aborted) return;
      if (isLate(error)) pace.slower();
      if (performance.now() - began > MOST_MS) pause = FIRST_MS;
      log(`${(error as Error).message}; next try in ${pause} ms`);
      await delay(pause * (0.5 + Math.random() / 2), null, { signal }).catch(() => {});
      pause = Math.min(pause * 2, MOST_MS);
    }
  }
}

/** Throws Stop if the server does not let this account do what it asked for: trying again would not help. */
export function refuse(error: Error): void {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (isRefusal(at))
      throw new Stop(
        SOAK_EXIT.CONFIG,
        `[fleet]: the server refuses: ${at.message}; valid: an account that may do this`,
      );
}
