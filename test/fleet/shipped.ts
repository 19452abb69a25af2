import { decodeBatch } from '@hybrid-soak/fleet/batch.ts';
import { SHAPES } from '@hybrid-soak/fleet/ship/database.ts';
import { streamOf, TABLE_KINDS, type TableKind } from '@hybrid-soak/fleet/subject.ts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import Database from 'better-sqlite3';

/** Every row that a host shipped, by subject, in the stream's order; the revisions of rows apart. */
export async function shippedRows(address: string, host: string) {
  const connection = await connect({ servers: address });
  try {
    return await rowsOf(connection, host);
  } finally {
    await connection.close();
  }
}

/** How many messages are stored of a host; 0 if the server does not say. */
export async function storedMessages(address: string, host: string): Promise<number> {
  const messagesIn = async (connection: NatsConnection) => {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info(streamOf(host))).state.messages;
  };
  try {
    const connection = await connect({ servers: address });
    return await messagesIn(connection).finally(() => connection.close());
  } catch {
    return 0;
  }
}

async function rowsOf(connection: NatsConnection, host: string) {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(streamOf(host));
  const rows: Record<string, string[]> = {};
  const revised: Record<string, string[]> = {};
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(streamOf(host), { seq });
    if (message === null) continue;
    const { head, rows: of } = decodeBatch(message.data);
    const key = message.subject.replace(/^soak\.[^.]+\./, '');
    const into = head.revised === true ? revised : rows;
    into[key] = [...(into[key] ?? []), ...of];
  }
  return { rows, revised };
}

/** What the tables hold now, by the same keys as texts of JSON. */
export function writtenRows(file: string): Record<string, string[]> {
  const db = new Database(file, { readonly: true });
  const rows: Record<string, string[]> = {};
  const name = (text: string) => encodeURIComponent(text).replaceAll('.', '%2E');
  for (const kind of TABLE_KINDS) {
    const { columns, hasMarket } = SHAPES[kind as TableKind];
    const found = db
      .prepare(
        hasMarket
          ? `SELECT ${columns.map((column) => `t.${column}`)}, venue, wire_symbol FROM ${kind} t LEFT JOIN markets m ON m.id = t.market ORDER BY t.id`
          : `SELECT ${columns}, NULL, NULL FROM ${kind} ORDER BY id`,
      )
      .raw()
      .all() as (string | null)[][];
    for (const row of found) {
      const symbol = row.pop() ?? null;
      const venue = row.pop() ?? null;
      const key = venue === null || symbol === null ? kind : `${kind}.${name(venue)}.${name(symbol)}`;
      const text = JSON.stringify(row);
      const list = rows[key];
      if (list === undefined) rows[key] = [text];
      else list.push(text);
    }
  }
  db.close();
  return rows;
}
