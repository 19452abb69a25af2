import { join } from 'node:path';
import type { Position } from '@hybrid-soak/engine/core/dedupe/gaps.ts';
import type { Market } from '@hybrid-soak/engine/core/market.ts';
import type { FillRow, OrderRow } from '@hybrid-soak/engine/core/shadow/execution.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import type { Batch } from '@hybrid-soak/engine/store/rows/batch.ts';
import { type FlatRows, RowsBuilder } from '@hybrid-soak/engine/store/rows/flat-rows.ts';
import { cancelAbandonedOrders, endAbandonedCoverage, readSeeds } from '@hybrid-soak/engine/store/rows/resume.ts';
import { batchWriter } from '@hybrid-soak/engine/store/rows/statements.ts';
import t, { type Test } from 'tap';
import { batchOf, marketsOf, STATUS } from '../../ticks.ts';

/** Rows as they cross to the writer. */
function ordersOf(rows: OrderRow[]): FlatRows {
  const builder = new RowsBuilder();
  for (const row of rows) builder.pushOrder(row);
  return builder.take();
}
function fillsOf(rows: FillRow[]): FlatRows {
  const builder = new RowsBuilder();
  for (const row of rows) builder.pushFill(row);
  return builder.take();
}

const MARKETS = marketsOf('BTCUSD', 'ETHUSD', 'SOLUSD');
const marketOf = (symbol: string) => MARKETS.find((market) => market.symbol === symbol) as Market;

const batch = (rows: Partial<Batch>): Batch => ({
  markets: MARKETS,
  ticks: batchOf([]),
  signals: ordersOf([]),
  orders: ordersOf([]),
  fills: fillsOf([]),
  quarantine: [],
  gaps: [],
  coverage: [],
  positions: [],
  status: STATUS,
  ...rows,
});
const ticks = (source: string, ids: (string | null)[]) =>
  ids.map((tradeId, i) => ({ market: MARKETS[0] as Market, source, price: 1, volume: 1, ts: 1000 + i, tradeId }));
const gap = (from: string, to: string) => ({ source: 'a', market: MARKETS[0] as Market, from, to });

function database(t: Test) {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  t.teardown(() => db.close());
  const write = batchWriter(db, 1, 100);
  return { db, write: (rows: Partial<Batch>, nowMs = 5000) => write(batch(rows), nowMs, 0) };
}

t.test('an empty database has nothing to resume from', async (t) => {
  const { db } = database(t);
  t.same(readSeeds(db), { positions: [], holdings: [] });
});

const position = (lastId: string, more: Partial<Position> = {}): Position => ({
  numbering: 'trade',
  lastId,
  lastTs: 5,
  counting: true,
  ids: [],
  holes: [],
  ...more,
});

t.test('positions come back as they were written last, one for each market and numbering', async (t) => {
  const { db, write } = database(t);
  const holes = [{ from: '4', to: '4', source: 'a', gap: ['3', '5'] as [string, string] }];
  const sparse = position('9007199254740993', { ids: ['1', '9007199254740993'], counting: false });
  write({
    positions: [
      { market: 0, position: position('3') },
      { market: 2, position: sparse },
    ],
  });
  write({ markets: [], positions: [{ market: 0, position: position('7', { holes }) }] });
  write({ markets: [], positions: [{ market: 0, position: position('70', { numbering: 'aggTrade' }) }] });
  t.same(readSeeds(db).positions, [
    { venue: 'test', wire: 'BTCUSD', ...position('70', { numbering: 'aggTrade' }) },
    { venue: 'test', wire: 'BTCUSD', ...position('7', { holes }) },
    { venue: 'test', wire: 'SOLUSD', ...sparse },
  ]);
});

t.test('a thin market is resumed however many trades of others came after its last', async (t) => {
  const { db, write } = database(t);
  write({ positions: [{ market: 1, position: position('8') }] });
  for (let n = 0; n < 30; n++)
    write({
      ticks: batchOf(
        ticks(
          'a',
          Array.from({ length: 1000 }, (_, i) => String(n * 1000 + i)),
        ),
      ),
      positions: [{ market: 0, position: position(String(n * 1000 + 999)) }],
    });
  t.match(readSeeds(db).positions, [
    { wire: 'BTCUSD', lastId: '29999' },
    { wire: 'ETHUSD', lastId: '8' },
  ]);
});

t.test('the ticks of a database of schema 2 say where its sources and symbols stood', async (t) => {
  const { db } = database(t);
  db.exec(`INSERT INTO ticks (symbol, price, volume, ts, source, trade_id) VALUES
    ('BTCUSD', 1, 1, 5, 'a', '9'), ('BTCUSD', 1, 1, 7, 'a', '11'), ('BTCUSD', 1, 1, 6, 'a', '10'), ('X', 1, 1, 6, 'b', NULL)`);
  t.match(readSeeds(db).positions, [
    { venue: null, source: 'a', wire: 'BTCUSD', lastId: '11', lastTs: 7, counting: true, ids: ['9', '11', '10'] },
  ]);
});

t.test('a batch that failed is written again with its markets', async (t) => {
  const { db, write } = database(t);
  db.exec('CREATE TRIGGER no BEFORE INSERT ON quarantine BEGIN SELECT RAISE(ABORT, "no"); END');
  const first = {
    ticks: batchOf(ticks('a', ['1'])),
    quarantine: [{ source: 'a', receivedMs: 1, reason: 'r', raw: '' }],
  };
  t.throws(() => write(first), /no/);
  db.exec('DROP TRIGGER no');
  write(first);
  write({ markets: [], ticks: batchOf(ticks('a', ['2'])) });
  t.same(db.prepare('SELECT trade_id, venue, wire_symbol FROM ticks JOIN markets ON markets.id = market').all(), [
    { trade_id: '1', venue: 'test', wire_symbol: 'BTCUSD' },
    { trade_id: '2', venue: 'test', wire_symbol: 'BTCUSD' },
  ]);
});

t.test('gaps are rows of their market, whatever its symbol was when they were opened', async (t) => {
  const { db, write } = database(t);
  write({
    gaps: [
      { is: 'opened', ...gap('2', '3'), detectedAt: 10 },
      { is: 'opened', ...gap('5', '8'), detectedAt: 11 },
    ],
  });
  const renamed = [{ index: 0, venue: 'test', wire: 'BTCUSD', symbol: 'XBT' }];
  write({ markets: renamed, gaps: [{ is: 'closed', ...gap('2', '3'), closedAt: 20 }] });
  t.same(db.prepare('SELECT symbol, from_id, to_id, detected_at, closed_at FROM gaps').all(), [
    { symbol: 'BTCUSD', from_id: '2', to_id: '3', detected_at: 10, closed_at: 20 },
    { symbol: 'BTCUSD', from_id: '5', to_id: '8', detected_at: 11, closed_at: null },
  ]);
});

t.test('coverage is rows, and what a killed run left open ends with its last heartbeat', async (t) => {
  const { db, write } = database(t);
  const begun = (source: string, fromMs: number) =>
    ({ is: 'begun', source, kind: 'connected', fromMs, detail: null }) as const;
  write({ coverage: [begun('a', 100), { is: 'ended', source: 'a', kind: 'connected', fromMs: 100, toMs: 200 }] });
  write({ coverage: [begun('a', 300), begun('b', 9000)] }, 5000);
  endAbandonedCoverage(db);
  t.same(db.prepare('SELECT source, from_ms, to_ms FROM coverage ORDER BY id').all(), [
    { source: 'a', from_ms: 100, to_ms: 200 },
    { source: 'a', from_ms: 300, to_ms: 5000 },
    { source: 'b', from_ms: 9000, to_ms: 9000 },
  ]);
});

const order = {
  orderId: 'o',
  ts: 1,
  market: MARKETS[0] as Market,
  source: 'a',
  side: 'BUY' as const,
  quantity: 3,
  price: 100,
};
const row = (state: OrderRow['state'], more: Partial<OrderRow> = {}): OrderRow => ({
  ...order,
  mode: 'PAPER',
  state,
  reason: null,
  ...more,
});
const fill = (quantity: number, side: 'BUY' | 'SELL', price: number, symbol = 'BTCUSD') => ({
  orderId: 'o',
  ts: 1,
  market: marketOf(symbol),
  side,
  quantity,
  price,
  fee: 0.01,
});

t.test('what is held of each market is the net of its fills, at the last price', async (t) => {
  const { db, write } = database(t);
  const sol = Array.from({ length: 10 }, (_, n) => fill(0.1, n % 2 === 0 ? 'BUY' : 'SELL', 3, 'SOLUSD'));
  write({
    fills: fillsOf([fill(2, 'BUY', 100), fill(5, 'SELL', 20, 'ETHUSD'), fill(0.5, 'SELL', 110), ...sol]),
  });
  t.same(readSeeds(db).holdings, [
    { venue: 'test', wire: 'BTCUSD', symbol: 'BTCUSD', quantity: 1.5, price: 110 },
    { venue: 'test', wire: 'ETHUSD', symbol: 'ETHUSD', quantity: -5, price: 20 },
  ]);
});

t.test('what is held over many batches is the sum of all fills, with cash and fees', async (t) => {
  const { db, write } = database(t);
  for (const side of ['BUY', 'BUY', 'SELL', 'BUY'] as const) write({ fills: fillsOf([fill(0.25, side, 7)]) });
  t.match(readSeeds(db).holdings, [{ wire: 'BTCUSD', quantity: 0.5, price: 7 }]);
  t.match(db.prepare('SELECT * FROM holdings').all(), [{ market: 1, quantity: 0.5, cash: -3.5, fees: 0.04 }]);
});

t.test('the first market that is shown by the symbol takes over a holding of schema 2', async (t) => {
  const { db, write } = database(t);
  db.exec("INSERT INTO holdings (symbol, quantity, price) VALUES ('BTCUSD', 2, 100), ('DOGE', 1, 1)");
  t.match(readSeeds(db).holdings, [{ venue: null, wire: null, symbol: 'BTCUSD', quantity: 2 }, { symbol: 'DOGE' }]);
  write({ fills: fillsOf([fill(0.5, 'SELL', 110)]) });
  t.match(readSeeds(db).holdings, [
    { venue: 'test', wire: 'BTCUSD', quantity: 1.5, price: 110 },
    { venue: null, symbol: 'DOGE' },
  ]);
});

t.test('orders that were left open are cancelled by what was not filled, once', async (t) => {
  const { db, write } = database(t);
  const filled = row('PARTIALLY_FILLED', { quantity: 1, ts: 7 });
  const whole = [row('NEW', { orderId: 'whole' }), row('FILLED', { orderId: 'whole' })];
  write({ orders: ordersOf([row('NEW'), row('NEW', { orderId: 'untouched' }), filled, ...whole]) });
  cancelAbandonedOrders(db);
  cancelAbandonedOrders(db);
  t.match(db.prepare("SELECT * FROM orders WHERE state = 'CANCELED' ORDER BY quantity").all(), [
    { order_id: 'o', quantity: 2, ts: 7, side: 'BUY', source: 'a', reason: 'the engine was stopped' },
    { order_id: 'untouched', quantity: 3, ts: 1 },
  ]);
  t.equal(db.prepare("SELECT id FROM orders WHERE state = 'CANCELED'").all().length, 2);
});
