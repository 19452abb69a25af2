import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { BatchHead } from '../batch.ts';
import { Stop } from '../stop.ts';
import { type MarketKey, subjectOf, type TableKind } from '../subject.ts';
import { type Found, type Reader, rowText, SHAPES, type ShippedRow } from './database.ts';
import { idsIn, rangesOf } from './open-rows.ts';
import type { ShipSession } from './session.ts';

/** Rows that are read at once. */
const CHUNK = 2000;
const HEAD_BYTES = 160 * 1024;
/** A look at the open rows is followed by that many times its duration without one. */
const LOOK_PART = 50;

/** What is known of a kind: it follows from the stream and the database alone. */
interface Place {
  generation: number;
  /** Every row up to this id is stored. */
  done: number;
  /** Rows that were shipped before they were final. */
  open: Set<number>;
}

interface Message {
  subject: string;
  head: BatchHead;
  rows: string[];
}

/** Rows that were read and sent, up to `end`, and are not stored yet. */
interface Sent {
  end: number;
  stored: Promise<unknown>;
  /** Whether more was there when they were read. */
  isFull: boolean;
  readMs: number;
}

/**
 * Ships the rows of one table from where the stream ends. `step` resolves to whether it found anything to ship. `ahead`: chunks
 * that may be on their way at once.
 */
export async function tableShipper(session: ShipSession, reader: Reader, kind: TableKind, ahead: number) {
  const place = await resume(session, reader, kind);
  const note = () => session.shipped.set(`${kind}.done`, place.done);
  note();
  return SHAPES[kind].closes === undefined
    ? { step: pipelined(session, reader, kind, place, ahead, note) }
    : { step: oneByOne(session, reader, kind, place, note) };
}

function pipelined(
  session: ShipSession,
  reader: Reader,
  kind: TableKind,
  place: Place,
  ahead: number,
  note: () => void,
): () => Promise<boolean> {
  const sent: Sent[] = [];
  let read = place.done;
  return async () => {
    // On a slow link what is on its way waits for what is before it.
    while (sent.length < (session.pace.share === 1 ? ahead : 1)) {
      const readMs = performance.now();
      const chunk = session.pace.of(CHUNK);
      const found = reader.after(kind, read, chunk);
      const end = found.at(-1)?.id;
      if (end === undefined) {
        if (sent.length === 0) session.fresh.set(kind, readMs);
        break;
      }
      const messages = await messagesOf(session, reader, kind, place, found);
      const stored = Promise.all(messages.map(({ subject, head, rows }) => session.publish(subject, head, rows)));
      // Awaited in order; until then a refusal must not end the process.
      stored.catch(() => {});
      sent.push({ end, stored, isFull: found.length === chunk, readMs });
      read = end;
    }
    const oldest = sent[0];
    if (oldest === undefined) return false;
    await oldest.stored;
    sent.shift();
    place.done = oldest.end;
    if (oldest.isFull) session.pace.answered(performance.now() - oldest.readMs);
    else session.fresh.set(kind, oldest.readMs);
    note();
    return true;
  };
}

/** The newest message of the kind says which rows are open, so that they go one by one. */
function oneByOne(
  session: ShipSession,
  reader: Reader,
  kind: TableKind,
  place: Place,
  note: () => void,
): () => Promise<boolean> {
  let nextMs = 0;
  return async () => {
    let revised = false;
    const beganMs = performance.now();
    if (place.open.size > 0 && beganMs >= nextMs) {
      const still = reader.open(kind);
      // With very many open rows the look at them is a small part of the time at most.
      nextMs = beganMs + LOOK_PART * (performance.now() - beganMs);
      revised = await revise(session, reader, kind, place, still);
    }
    const found = reader.after(kind, place.done, session.pace.of(CHUNK));
    const end = found.at(-1)?.id;
    if (end === undefined) return revised;
    for (const message of await messagesOf(session, reader, kind, place, found)) {
      noteOpen(kind, place, message);
      await session.publish(message.subject, { ...message.head, open: rangesOf(place.open) }, message.rows);
    }
    place.done = end;
    note();
    return true;
  };
}

async function resume(session: ShipSession, reader: Reader, kind: TableKind): Promise<Place> {
  const newest = await session.newest(kind);
  if (newest === null) return { generation: 1, done: 0, open: new Set() };
  const { head, lastRow } = newest;
  if (head.origin !== session.origin)
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `fleet.host ${session.host}: another machine or database ships under this name; valid: a host of its own`,
    );
  if (isAnother(reader, kind, head.last, lastRow)) return { generation: head.generation + 1, done: 0, open: new Set() };
  return { generation: head.generation, done: head.done, open: idsIn(head.open ?? []) };
}

/** Ids are never given again: another database has not given them yet, or has another row under the last one. */
function isAnother(reader: Reader, kind: TableKind, last: number, lastRow: string): boolean {
  if (reader.greatest(kind) < last) return true;
  const shipped = JSON.parse(lastRow) as ShippedRow;
  const now = reader.one(kind, shipped[0] as number)?.row;
  if (now === undefined) return false;
  const closes = SHAPES[kind].columns.indexOf(SHAPES[kind].closes ?? '');
  // Compared as they are shipped: a blob has no other form to compare.
  const asShipped = JSON.parse(rowText(now)) as ShippedRow;
  return asShipped.some((value, at) => at !== closes && JSON.stringify(value) !== JSON.stringify(shipped[at]));
}

/** Rows that were open when they were shipped and are final now, or gone: one message a market, at most one chunk. */
async function revise(
  session: ShipSession,
  reader: Reader,
  kind: TableKind,
  place: Place,
  still: ReadonlySet<number>,
): Promise<boolean> {
  const closes = SHAPES[kind].columns.indexOf(SHAPES[kind].closes ?? '');
  let revised = false;
  for (const id of place.open) {
    if (still.has(id)) continue;
    const found = reader.one(kind, id);
    if (found?.row[closes] === null) continue;
    place.open.delete(id);
    if (found === null) continue;
    const market = reader.market(found.market);
    const subject = subjectOf(session.host, kind, market);
    const { head } = await session.position(subject);
    const last = head?.generation === place.generation ? head.last : 0;
    const own = headOf(session, kind, place, market, last);
    await session.publish(subject, { ...own, revised: true, open: rangesOf(place.open) }, [rowText(found.row)]);
    revised = true;
  }
  return revised;
}

/** The rows by subject, without those that are stored already; none is larger than the server takes. */
async function messagesOf(
  session: ShipSession,
  reader: Reader,
  kind: TableKind,
  place: Place,
  found: Found[],
): Promise<Message[]> {
  const limit = session.maxBytes - HEAD_BYTES;
  const messages: Message[] = [];
  const filling = new Map<number | null, { message: Message; bytes: number; stored: number }>();
  for (const { id, row, market: number } of found) {
    let now = filling.get(number);
    const text = rowText(row);
    // At most three bytes a unit of UTF-16: exact only where it matters.
    const bytes = text.length * 3 + 1;
    if (bytes > limit && Buffer.byteLength(text) + 1 > limit)
      throw new Stop(
        SOAK_EXIT.CONFIG,
        `${kind} ${id}: a row of ${bytes} bytes; valid: max_payload of the server above ${bytes + HEAD_BYTES}`,
      );
    if (now === undefined || now.bytes + bytes > limit) {
      const market = reader.market(number);
      const subject = subjectOf(session.host, kind, market);
      const { head } = await session.position(subject);
      const stored = head?.generation === place.generation ? head.last : 0;
      now = { message: { subject, head: headOf(session, kind, place, market, stored), rows: [] }, bytes: 0, stored };
      filling.set(number, now);
      messages.push(now.message);
    }
    if (id <= now.stored) continue;
    now.message.rows.push(text);
    now.message.head.last = id;
    now.bytes += bytes;
  }
  return messages.filter(({ rows }) => rows.length > 0);
}

function headOf(
  session: ShipSession,
  kind: TableKind,
  place: Place,
  market: MarketKey | null,
  last: number,
): BatchHead {
  const { host, origin } = session;
  const { generation, done } = place;
  return { v: 1, kind, host, origin, generation, market, columns: SHAPES[kind].columns, last, done };
}

function noteOpen(kind: TableKind, place: Place, { rows }: Message): void {
  const closes = SHAPES[kind].columns.indexOf(SHAPES[kind].closes ?? '');
  for (const text of rows) {
    const row = JSON.parse(text) as (number | null)[];
    if (row[closes] === null) place.open.add(row[0] as number);
    else place.open.delete(row[0] as number);
  }
}
