import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { LIVE, MS } from '../fixtures/frames.ts';
import { engine as running } from './engine.ts';
import { scripted, until } from './feeds/scripted-server.ts';

const frame = (id: number) => LIVE['binance'].replace('4321', String(id)).replaceAll(String(MS), String(MS + id));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** An engine over one local server, which sends these frames in each of its lives; `rows` reads its database. */
async function engine(t: Test, sent: string[][]) {
  // A connection that is slow to open has a second one beside it: lives are counted, not connections.
  let life = -1;
  const { url } = await scripted(t, (socket) => {
    for (const text of sent[life] as string[]) socket.send(text);
  });
  const dir = t.testdir({
    'config.toml': `[engine]\ningest_mode = "mockws"\nws_url = "${url}ws/btcusdt@trade"\n[storage]\nflush_interval_ms = 20\n`,
  });
  const file = join(dir, 'data/bot.db');
  /** Starts it; the answer stops it and resolves with its exit code. */
  const start = () => {
    life++;
    const { child, ended } = running(dir, 'run', '--config', 'config.toml');
    t.teardown(() => child.kill('SIGKILL'));
    return async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return (await ended).code;
    };
  };
  const rows = (sql: string): Record<string, unknown>[] => {
    if (!existsSync(file)) return [];
    const db = new Database(file, { readonly: true, timeout: 60_000 });
    try {
      return db.prepare(sql).all() as Record<string, unknown>[];
    } catch {
      return [];
    } finally {
      db.close();
    }
  };
  const has = (id: number) => () => rows(`SELECT 1 FROM ticks WHERE trade_id = '${id}'`).length > 0;
  return { start, rows, has };
}

t.test('a kill and a restart over trades that come again: each is one row, and what is missing is a gap', async (t) => {
  const sent = [range(1, 100), [...range(60, 150), ...range(161, 200)], [...range(155, 160), ...range(190, 220)]];
  const { start, rows, has } = await engine(
    t,
    sent.map((ids) => ids.map(frame)),
  );
  for (const last of [100, 200]) {
    const stop = start();
    await until(has(last));
    await stop('SIGKILL');
  }
  const stop = start();
  await until(has(220));
  t.equal(await stop('SIGTERM'), 0);

  const ids = rows('SELECT trade_id FROM ticks').map((row) => Number(row['trade_id']));
  t.equal(new Set(ids).size, ids.length, 'no trade twice');
  t.same(
    [...ids].sort((a, b) => a - b),
    [...range(1, 150), ...range(155, 220)],
  );
  const gaps = () => rows('SELECT source, symbol, from_id, to_id, closed_at IS NULL AS open FROM gaps');
  t.same(gaps(), [{ source: 'mockws', symbol: 'BTCUSD', from_id: '151', to_id: '160', open: 1 }]);
  t.same(rows('SELECT id FROM coverage WHERE to_ms IS NULL'), [], 'no interval is left open');
  t.equal(rows("SELECT id FROM coverage WHERE kind = 'connected'").length, 3);
  const [status] = rows('SELECT counters FROM engine_status');
  const counters = JSON.parse(String(status?.['counters'])) as Record<string, number>;
  t.match(counters, { received: 37, kept: 26, duplicates: 11 });
});

t.test('a thin market beside a busy one is resumed: no duplicate row, and what it missed is a gap', async (t) => {
  const busy = (id: number) => frame(id);
  const thin = (id: number) => frame(id).replace('BTCUSDT', 'ETHUSDT');
  const sent = [
    [thin(50), ...range(1, 21_000).map(busy)],
    [thin(50), thin(53), busy(21_000), busy(21_001)],
  ];
  const { start, rows, has } = await engine(t, sent);
  const first = start();
  await until(has(21_000));
  await first('SIGKILL');
  const second = start();
  await until(has(21_001));
  await second('SIGTERM');
  t.same(rows("SELECT trade_id FROM ticks WHERE symbol = 'ETHUSDT' ORDER BY id"), [
    { trade_id: '50' },
    { trade_id: '53' },
  ]);
  t.match(rows('SELECT from_id, to_id, wire_symbol FROM gaps JOIN markets ON markets.id = gaps.market'), [
    { from_id: '51', to_id: '52', wire_symbol: 'ETHUSDT' },
  ]);
  t.match(rows('SELECT numbering, last_id FROM stream_positions ORDER BY market'), [
    { numbering: 'trade', last_id: '53' },
    { last_id: '21001' },
  ]);
  t.equal(rows("SELECT trade_id FROM ticks WHERE symbol = 'BTCUSD'").length, 21_001);
});
