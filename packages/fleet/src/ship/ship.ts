import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { again } from '../again.ts';
import { connectToServers } from '../connect.ts';
import { hostsBucket } from '../hosts.ts';
import type { ChosenSettings } from '../settings.ts';
import { isWrongSequence } from '../stream.ts';
import { LINE_KINDS, TABLE_KINDS } from '../subject.ts';
import { beat } from './beat.ts';
import { openReader } from './database.ts';
import { lineShipper } from './lines.ts';
import { openShipSession } from './session.ts';
import { tableShipper } from './tables.ts';

/** How long a shipper that has found nothing new waits: below the engine's flush interval, ms. */
const POLL_MS = 400;
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
  const begin = async () => {
    try {
      await session(options, ahead);
    } catch (error) {
      // A server may refuse what builds on a message that it has not stored yet.
      if (isWrongSequence(error)) ahead = 1;
      throw error;
    }
  };
  return again(begin, options.log, options.signal);
}

async function session(options: ShipOptions, ahead: number): Promise<void> {
  const { settings, database, decisions, samples, signal, once, log } = options;
  const reader = openReader(database);
  const stop = new AbortController();
  try {
    const connection = await connectToServers(settings, `hybrid-fleet ship ${settings.host}`);
    const lost = connection.closed().then((error) => {
      throw error ?? new Error('the connection was closed');
    });
    lost.catch(() => {});
    try {
      const open = await Promise.race([
        openShipSession(connection, settings.host, originOf(database), settings.replicas),
        lost,
      ]);
      const pause = (ms: number) => Promise.race([delay(ms, null, { signal: stop.signal }).catch(() => {}), lost]);
      // A host that may not say how it is still ships.
      const beating = hostsBucket(open.client, settings.replicas)
        .then((bucket) =>
          beat({ open, bucket, reader, decisions, samples, limit: settings.limit, pause, signal: stop.signal }),
        )
        .catch((error: Error) => (stop.signal.aborted && !once) || log(`status: ${error.message}`));
      const loops = [
        ...TABLE_KINDS.map(async (kind) => loop(await tableShipper(open, reader, kind, ahead), signal, once, lost)),
        ...LINE_KINDS.map(async (kind) =>
          loop(await lineShipper(open, kind === 'samples' ? samples : decisions, kind), signal, once, lost),
        ),
      ];
      await Promise.all(loops);
      stop.abort();
      if (once) await Promise.race([beating, lost]);
    } finally {
      stop.abort();
      await connection.close();
    }
  } finally {
    reader.close();
  }
}

async function loop(
  shipper: { step(): Promise<boolean> },
  signal: AbortSignal,
  once: boolean,
  lost: Promise<never>,
): Promise<void> {
  while (!signal.aborted) {
    const found = await Promise.race([shipper.step(), lost]);
    if (found) continue;
    if (once) return;
    await Promise.race([delay(POLL_MS, null, { signal }).catch(() => {}), lost]);
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
