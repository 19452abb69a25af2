import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { connectToServers } from './connect.ts';
import { decodeMerged } from './merge/merged.ts';
import type { MergedTrade } from './merge/trade.ts';
import { type ChosenSettings, readSmall } from './settings.ts';
import { Stop } from './stop.ts';
import { isNotFound } from './stream.ts';
import { MERGED_STREAM, token } from './subject.ts';

const POLL_MS = 2000;

export interface ArchiveOptions {
  settings: ChosenSettings;
  out: string;
  /** Messages of the merged stream that one round holds. */
  messages: number;
  once: boolean;
  log: (text: string) => void;
  signal: AbortSignal;
}

/**
 * Writes the merged stream in rounds of a fixed number of messages: a round's files follow from the stream alone, so that one that was
 * interrupted is written again over itself. `rounds/N` says that round N is whole. What is newer than the last whole round stays
 * in the stream.
 */
export async function archiveSession({ settings, out, messages, once, log, signal }: ArchiveOptions): Promise<void> {
  const connection = await connectToServers(settings, 'hybrid-fleet archive');
  try {
    const manager = await jetstreamManager(connection, { timeout: 5000, checkAPI: false });
    let round = 0;
    let isAwaited = false;
    while (!signal.aborted) {
      while (existsSync(doneFile(out, round, messages))) round++;
      const stream = await mergedStream(manager);
      if (stream === null && !isAwaited) log('no merged stream yet: hybrid-fleet merge makes it');
      isAwaited = stream === null;
      if (stream !== null) mustBeTheSame(out, stream.created, messages);
      if ((stream?.state.last_seq ?? 0) < (round + 1) * messages) {
        if (once) return;
        await delay(POLL_MS, null, { signal }).catch(() => {});
        continue;
      }
      const { files, gone } = await filesOf(manager, round * messages + 1, (round + 1) * messages);
      if (gone > 0) log(`round ${round}: ${gone} messages are not in the stream any more`);
      for (const [name, trades] of files) writeWhole(join(out, `${name}/${number(round)}.parquet`), parquet(trades));
      const names = [...files.keys()].map((name) => `${name}/${number(round)}.parquet\n`);
      writeWhole(doneFile(out, round, messages), Buffer.from(names.join('')));
      log(`round ${round}: ${files.size} files`);
    }
  } finally {
    await connection.close();
  }
}

/** Null if no merger has run yet. */
const mergedStream = (manager: JetStreamManager): Promise<StreamInfo | null> =>
  manager.streams.info(MERGED_STREAM).catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });

/**
 * A folder holds one stream in rounds of one length: a file's name says which messages are in it. Notes them at the first round. Throws
 * Stop for another stream (its numbers begin again) or another length.
 */
function mustBeTheSame(out: string, created: string, messages: number): void {
  const note = join(out, 'rounds', 'stream.json');
  const own = JSON.stringify({ created, messages });
  if (!existsSync(note)) writeWhole(note, Buffer.from(own));
  const found = readSmall(note).toString();
  if (found === own) return;
  throw new Stop(
    SOAK_EXIT.CONFIG,
    `${out}: is the archive of another stream or of other rounds (${note}: ${printable(found)}, now ${own}); valid: --messages as before, or a folder of its own`,
  );
}

const number = (round: number): string => String(round).padStart(8, '0');

/** Rounds of another length would hold other messages. */
const doneFile = (out: string, round: number, messages: number): string =>
  join(out, 'rounds', `${messages}`, number(round));

/** The trades of some messages by venue, symbol and day, UTC, as the names of folders; `gone`: messages that were deleted. */
async function filesOf(
  manager: JetStreamManager,
  first: number,
  last: number,
): Promise<{ files: Map<string, MergedTrade[]>; gone: number }> {
  const files = new Map<string, MergedTrade[]>();
  let gone = 0;
  for (let seq = first; seq <= last; seq++) {
    const message = await manager.streams.getMessage(MERGED_STREAM, { seq });
    if (message === null) gone++;
    if (message === null) continue;
    const { head, trades, fills } = decodeMerged(message.data);
    for (const trade of [...trades, ...fills]) {
      const day = new Date(trade[3]).toISOString().slice(0, 10);
      const name = `venue=${token(head.market.venue)}/symbol=${token(head.market.symbol)}/day=${day}`;
      const file = files.get(name);
      if (file === undefined) files.set(name, [trade]);
      else file.push(trade);
    }
  }
  return { files, gone };
}

function parquet(trades: MergedTrade[]): Buffer {
  const column = <T>(read: (trade: MergedTrade) => T): T[] => trades.map(read);
  return Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'trade_id', data: column(([id]) => id), type: 'STRING', nullable: true },
        { name: 'price', data: column(([, price]) => price), type: 'DOUBLE' },
        { name: 'volume', data: column(([, , volume]) => volume), type: 'DOUBLE' },
        { name: 'ts', data: column(([, , , ts]) => BigInt(ts)), type: 'INT64' },
        { name: 'name', data: column(([, , , , symbol]) => symbol), type: 'STRING' },
        { name: 'source', data: column(([, , , , , source]) => source), type: 'STRING', nullable: true },
        { name: 'host', data: column(([, , , , , , host]) => host), type: 'STRING' },
      ],
    }),
  );
}

/** A file is there whole or not at all, also after a power loss. */
function writeWhole(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  // What a kill has left goes; the name must be new, so that nobody can have put a link there.
  rmSync(`${path}.part`, { force: true });
  const fd = openSync(`${path}.part`, 'wx');
  writeFileSync(fd, bytes);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${path}.part`, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
