import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { again } from '../again.ts';
import { connectToServers } from '../connect.ts';
import type { Pace } from '../pace.ts';
import { type SessionEnd, sessionEnd } from '../session-end.ts';
import type { ChosenSettings } from '../settings.ts';
import { isWrongSequence } from '../stream.ts';
import { inboxOf, LINE_KINDS, TABLE_KINDS } from '../subject.ts';
import { beat } from './beat.ts';
import { isAtRest, openReader, type Reader } from './database.ts';
import { lineShipper } from './lines.ts';
import { openShipSession } from './session.ts';
import { tableShipper } from './tables.ts';

/** How long a shipper that has found nothing new waits: below the engine's flush interval, ms. */
const POLL_MS = 400;
/** How often a database that cannot be opened is tried again, ms. */
const REST_MS = 2000;
/** Chunks of a table that may be on their way at once. */
const AHEAD = 4;

export interface ShipOptions {
  settings: ChosenSettings;
  database: string;
  decisions: string;
  samples: string;
  /** One line for people. */
  log: (text: string) => void;
  signal: AbortSignal;
  /** Ends when nothing new is found instead of waiting for more. */
  once: boolean;
}

/**
 * Ships until the signal: whatever goes wrong with a server, the connection or the database ends the session, and the next one
 * asks the stream where to go on. Throws Stop for what only a person can correct.
 */
export function ship(options: ShipOptions): Promise<void> {
  let ahead = AHEAD;
  const begin = async (pace: Pace) => {
    try {
      await session(options, pace, ahead);
    } catch (error) {
      if (!isWrongSequence(error)) throw error;
      // A server may refuse what builds on a message that it has not stored yet.
      ahead = 1;
      const text = `another hybrid-fleet ship writes as ${options.settings.host}, or the server lost a message`;
      throw new Error(`${text} (${(error as Error).message})`, { cause: error });
    }
  };
  return again(begin, options.log, options.signal);
}

async function session(options: ShipOptions, pace: Pace, ahead: number): Promise<void> {
  const { settings, database, decisions, samples, signal, once, log } = options;
  const reader = readerOf(options);
  const stop = new AbortController();
  try {
    const connection = await connectToServers(settings, `hybrid-fleet ship ${settings.host}`, {
      patienceMs: pace.patienceMs,
      inbox: inboxOf(settings.host),
    });
    const end = sessionEnd(connection, signal);
    try {
      const origin = originOf(database);
      const opening = openShipSession(connection, settings.host, origin, settings.replicas, pace);
      const open = await end.unlessLost(opening);
      const pause = (ms: number) => end.unlessLost(delay(ms, null, { signal: stop.signal }).catch(() => {}));
      // A host that may not say how it is still ships.
      const beating = beat({ open, settings, reader, decisions, samples, pause, log, signal: stop.signal, once });
      beating.catch(() => {});
      const loops = [
        ...(reader === null
          ? [untilOpen(database, signal, end)]
          : TABLE_KINDS.map(async (kind) => loop(await tableShipper(open, reader, kind, ahead), signal, once, end))),
        ...LINE_KINDS.map(async (kind) =>
          loop(await lineShipper(open, kind === 'samples' ? samples : decisions, kind), signal, once, end),
        ),
      ];
      await Promise.all(loops);
      stop.abort();
      if (once) await end.unlessLost(beating);
    } finally {
      stop.abort();
      end.close();
      await connection.close();
    }
  } finally {
    reader?.close();
  }
}

/** Null if the engine has stopped: what its soak decides is shipped all the same. */
function readerOf({ database, once, log }: ShipOptions): Reader | null {
  try {
    return openReader(database);
  } catch (error) {
    if (once || !isAtRest(error)) throw error;
    log(`${database}: cannot be opened while no engine runs; decisions and samples are shipped`);
    return null;
  }
}

/** Ends the session once an engine has opened its database. */
async function untilOpen(database: string, signal: AbortSignal, { unlessLost, fail }: SessionEnd): Promise<void> {
  while (!signal.aborted) {
    await unlessLost(delay(REST_MS, null, { signal }).catch(() => {}));
    try {
      openReader(database).close();
      fail(new Error(`${database}: an engine runs again`));
    } catch (error) {
      if (!isAtRest(error)) throw error;
    }
  }
}

async function loop(
  shipper: { step(): Promise<boolean> },
  signal: AbortSignal,
  once: boolean,
  { unlessLost }: SessionEnd,
): Promise<void> {
  while (!signal.aborted) {
    const found = await unlessLost(shipper.step());
    if (found) continue;
    if (once) return;
    await unlessLost(delay(POLL_MS, null, { signal }).catch(() => {}));
  }
}

/** Names the machine and the database, so that two of them under one host name are noticed. */
export function originOf(database: string): string {
  let machine: string;
  try {
    machine = readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    machine = hostname();
  }
  return createHash('sha256')
    .update(`${machine}\n${realpathSync(database)}`)
    .digest('hex')
    .slice(0, 32);
}
