import type { NatsConnection } from '@nats-io/transport-node';

/** How long what is on its way when the program is to end is waited for, ms. */
const GRACE_MS = 3000;

export interface SessionEnd {
  /** Settles as `work` does, or rejects when the session is over. */
  unlessLost<T>(work: Promise<T>): Promise<T>;
  /** Ends the session: whatever waits rejects with that. */
  fail(error: Error): void;
  /** Forgets the signal. */
  close(): void;
}

/**
 * The end of a session: its connection is closed, something in it fails, or the signal came a while ago. `Promise.race` with a promise
 * that lives as long as the connection would keep a reaction for each call.
 */
export function sessionEnd(connection: Pick<NatsConnection, 'closed'>, signal: AbortSignal): SessionEnd {
  const waiting = new Set<(error: Error) => void>();
  let lost: Error | null = null;
  let grace: NodeJS.Timeout | undefined;
  const fail = (error: Error) => {
    lost ??= error;
    for (const reject of waiting) reject(lost);
    waiting.clear();
  };
  const onAbort = () => {
    grace = setTimeout(() => fail(new Error('the program is to end')), GRACE_MS);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  connection.closed().then((error) => fail(error ?? new Error('the connection was closed')));
  return {
    unlessLost<T>(work: Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (lost !== null) reject(lost);
        waiting.add(reject);
        work.then(resolve, reject).finally(() => waiting.delete(reject));
      });
    },
    fail,
    close() {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(grace);
    },
  };
}
