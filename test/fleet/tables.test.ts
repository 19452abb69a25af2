import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import type { BatchHead } from '@hybrid-soak/fleet/batch.ts';
import { Pace } from '@hybrid-soak/fleet/pace.ts';
import { openReader } from '@hybrid-soak/fleet/ship/database.ts';
import { idsIn, rangesOf } from '@hybrid-soak/fleet/ship/open-rows.ts';
import type { ShipSession } from '@hybrid-soak/fleet/ship/session.ts';
import { tableShipper } from '@hybrid-soak/fleet/ship/tables.ts';
import type { TableKind } from '@hybrid-soak/fleet/subject.ts';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';

/** A database with one market, and sessions that ship a table of it into a stream of one subject. */
function scene(t: Test, kind: TableKind) {
  const file = join(t.testdir({}), 'bot.db');
  const db = new Database(file);
  t.teardown(() => db.close());
  db.pragma('journal_mode = WAL');
  db.exec(Object.values(MIGRATIONS).join(''));
  db.exec("INSERT INTO markets (venue, wire_symbol, symbol) VALUES ('v', 's', 'S')");
  const messages: { head: BatchHead; rows: string[] }[] = [];
  const newest = () => messages.at(-1) ?? null;
  const session = async (): Promise<void> => {
    const open = {
      host: 'h',
      origin: 'o',
      shipped: new Map(),
      fresh: new Map(),
      maxBytes: 1_048_576,
      pace: new Pace(),
      newest: async () => (newest() === null ? null : { head: newest()?.head, lastRow: newest()?.rows.at(-1) }),
      position: async () => ({ head: newest()?.head ?? null, sequence: messages.length }),
      publish: async (_: string, head, rows) => {
        messages.push({ head, rows: [...rows] });
      },
    } as Partial<ShipSession> as ShipSession;
    const reader = openReader(file);
    const shipper = await tableShipper(open, reader, kind, 4);
    while (await shipper.step());
    reader.close();
  };
  return { db, messages, session };
}

t.test('a last row of values that JSON does not have is known again: nothing is shipped twice', async (t) => {
  const { db, messages, session } = scene(t, 'ticks');
  const insert = db.prepare('INSERT INTO ticks (symbol, price, volume, ts, market) VALUES (?, ?, 1, 1, 1)');
  for (const row of [
    [Buffer.from([1, 2]), 1],
    ['S', Number.POSITIVE_INFINITY],
    ['S', Number.NEGATIVE_INFINITY],
  ]) {
    insert.run(...row);
    await session();
    await session();
  }
  t.same(
    messages.flatMap(({ rows }) => rows.map((row) => (JSON.parse(row) as unknown[]).slice(0, 3))),
    [
      [1, { type: 'Buffer', data: [1, 2] }, 1],
      [2, 'S', 'Infinity'],
      [3, 'S', '-Infinity'],
    ],
  );
});

t.test('very many open gaps fit into the head of a message; those that close come once more', async (t) => {
  const { db, messages, session } = scene(t, 'gaps');
  const insert = db.prepare(
    "INSERT INTO gaps (source, symbol, market, from_id, to_id, detected_at) VALUES ('x', 'S', 1, ?, ?, 1)",
  );
  db.transaction(() => {
    for (let n = 1; n <= 20_000; n++) insert.run(String(n), String(n));
  })();
  await session();
  // Read by the session before they were closed, so that none is in a row with another.
  db.exec('UPDATE gaps SET closed_at = 2 WHERE id % 5000 = 0');
  await session();
  t.same(
    messages.flatMap(({ head, rows }) =>
      head.revised === true ? rows.map((row) => (JSON.parse(row) as unknown[])[0]) : [],
    ),
    [5000, 10_000, 15_000, 20_000],
  );
  t.ok(messages.every(({ head }) => JSON.stringify(head).length < 1000));
});

t.test('ranges have every id of theirs, no other if they are few, and are never more than 5000', async () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 400 })).map((list) => list.sort((a, b) => a - b));
  fc.assert(fc.property(ids, (list) => JSON.stringify([...idsIn(rangesOf(list))]) === JSON.stringify(list)));
  const scattered = Array.from({ length: 15_001 }, (_, n) => 2 * n);
  const ranges = rangesOf(scattered);
  t.ok(ranges.length <= 5000);
  t.same([ranges[0]?.[0], ranges.at(-1)?.[1]], [0, 30_000]);
  const all = idsIn(ranges);
  t.ok(scattered.every((id) => all.has(id)));
});
