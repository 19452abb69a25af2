import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../connect.ts';
import type { Settings } from '../settings.ts';
import { Stop } from '../stop.ts';
import { LINE_KINDS, TABLE_KINDS } from '../subject.ts';
import { openReader } from './database.ts';
import { lineShipper } from './lines.ts';
import { openSession, type Session } from './session.ts';
import { tableShipper } from './tables.ts';

/** How long a shipper that has found nothing new waits: below the engine's flush interval, ms. */
const POLL_MS = 400;
const BACKOFF_MS = { first: 250, most: 15_000 };

export interface ShipOptions {
  settings: Settings;
  database: string;
  decisions: string;
  /** One line for people. */
  log: (text: string) => void;
  signal: AbortSignal;
  /** Ends when nothing new is found instead of waiting for more. */
  once: boolean;
  /** Called while a connection lasts. */
  onSession?: (session: Session, connection: Awaited<ReturnType<typeof connect>>) => void;
}

/**
 * Ships until the signal: whatever goes wrong with a server, the connection or the database ends the session, and the next one
 * asks the stream where to go on. Throws Stop for what only a person can correct.
 */
export async function ship(options: ShipOptions): Promise<void> {
  const { signal, log } = options;
  let backoff = BACKOFF_MS.first;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await session(options);
      return;
    } catch (error) {
      if (error instanceof Stop) throw error;
      if (signal.aborted) return;
      if (performance.now() - began > BACKOFF_MS.most) backoff = BACKOFF_MS.first;
      log(`${(error as Error).message}; next try in ${backoff} ms`);
      await delay(backoff * (0.5 + Math.random() / 2), null, { signal }).catch(() => {});
      backoff = Math.min(backoff * 2, BACKOFF_MS.most);
    }
  }
}

async function session({ settings, database, decisions, signal, once, onSession }: ShipOptions): Promise<void> {
  const reader = openReader(database);
  try {
    const connection = await connect(settings, `hybrid-fleet ship ${settings.host}`);
    const lost = connection.closed().then((error) => {
      throw error ?? new Error('the connection was closed');
    });
    lost.catch(() => {});
    try {
      const open = await Promise.race([
        openSession(connection, settings.host, originOf(database), settings.replicas),
        lost,
      ]);
      onSession?.(open, connection);
      const loops = [
        ...TABLE_KINDS.map(async (kind) => loop(await tableShipper(open, reader, kind), signal, once, lost)),
        ...LINE_KINDS.map(async (kind) => loop(await lineShipper(open, decisions, kind), signal, once, lost)),
      ];
      await Promise.all(loops);
    } finally {
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
