import { join } from 'node:path';
import type { OrderRow } from '@hybrid-soak/engine/core/shadow/execution.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import type { Batch } from '@hybrid-soak/engine/store/rows/batch.ts';
import { type FlatRows, pushFill, pushOrder } from '@hybrid-soak/engine/store/rows/flat-rows.ts';
import { cancelAbandonedOrders, endAbandonedCoverage, readSeeds } from '@hybrid-soak/engine/store/rows/resume.ts';
import { batchWriter } from '@hybrid-soak/engine/store/rows/statements.ts';
import t, { type Test } from 'tap';
import { batchOf, STATUS } from '../../ticks.ts';

/** Rows as they cross to the writer. */
function flat<T>(push: (rows: FlatRows, row: T) => void, list: T[]): FlatRows {
  const rows: FlatRows = [];
  for (const row of list) push(rows, row);
  return rows;
}

const batch = (rows: Partial<Batch>): Batch => ({
  ticks: batchOf([]),
  signals: [],
  orders: [],
  fills: [],
  quarantine: [],
  gaps: [],
  coverage: [],
  status: STATUS,
  ...rows,
});
const ticks = (source: string, ids: (string | null)[]) =>
  ids.map((tradeId, i) => ({ symbol: 'BTCUSD', source, price: 1, volume: 1, ts: 1000 + i, tradeId }));
const gap = (from: string, to: string) => ({ source: 'a', symbol: 'BTCUSD', from, to });

function database(t: Test) {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  t.teardown(() => db.close());
  const write = batchWriter(db, 1, 100);
  return { db, write: (rows: Partial<Batch>, nowMs = 5000) => write(batch(rows), nowMs, 0) };
}

t.test('an empty database has nothing to tell', async (t) => {
  const { db } = database(t);
  t.same(readSeeds(db), { streams: [], gaps: [], counting: true, holdings: [] });
});

t.test('the last ids of each source and symbol come back in order', async (t) => {
  const { db, write } = database(t);
  write({ ticks: batchOf([...ticks('a', ['1', '2', '9007199254740993']), ...ticks('b', ['7', null])]) });
  t.same(readSeeds(db).streams, [
    { source: 'a', symbol: 'BTCUSD', ids: ['1', '2', '9007199254740993'], lastTs: 1002 },
    { source: 'b', symbol: 'BTCUSD', ids: ['7'], lastTs: 1000 },
  ]);
});

t.test('a run that sampled did not count', async (t) => {
  const { db, write } = database(t);
  write({ status: { ...STATUS, sampleEvery: 5 } });
  t.equal(readSeeds(db).counting, false);
});

t.test('gaps are rows; the open ones come back, the closed ones have their time', async (t) => {
  const { db, write } = database(t);
  write({
    ticks: batchOf(ticks('a', ['1', '4', '2', '9'])),
    gaps: [
      { is: 'opened', ...gap('2', '3'), detectedAt: 10 },
      { is: 'opened', ...gap('5', '8'), detectedAt: 11 },
      { is: 'opened', ...gap('100', '200'), detectedAt: 12 },
    ],
  });
  write({ gaps: [{ is: 'closed', ...gap('2', '3'), closedAt: 20 }] });
  t.same(db.prepare('SELECT from_id, to_id, detected_at, closed_at FROM gaps').all(), [
    { from_id: '2', to_id: '3', detected_at: 10, closed_at: 20 },
    { from_id: '5', to_id: '8', detected_at: 11, closed_at: null },
    { from_id: '100', to_id: '200', detected_at: 12, closed_at: null },
  ]);
  t.same(readSeeds(db).gaps, [gap('5', '8')], 'a gap whose later trades were not looked at is left alone');
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

const order = { orderId: 'o', ts: 1, symbol: 'BTCUSD', source: 'a', side: 'BUY' as const, quantity: 3, price: 100 };
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
  symbol,
  side,
  quantity,
  price,
  fee: 0.01,
});

t.test('what is held of each symbol is the net of its fills, at the last price', async (t) => {
  const { db, write } = database(t);
  const sol = Array.from({ length: 10 }, (_, n) => fill(0.1, n % 2 === 0 ? 'BUY' : 'SELL', 3, 'SOLUSD'));
  write({
    fills: flat(pushFill, [fill(2, 'BUY', 100), fill(5, 'SELL', 20, 'ETHUSD'), fill(0.5, 'SELL', 110), ...sol]),
  });
  t.same(readSeeds(db).holdings, [
    { symbol: 'BTCUSD', quantity: 1.5, price: 110 },
    { symbol: 'ETHUSD', quantity: -5, price: 20 },
  ]);
});

t.test('what is held over many batches is the sum of all fills, with cash and fees', async (t) => {
  const { db, write } = database(t);
  for (const side of ['BUY', 'BUY', 'SELL', 'BUY'] as const) write({ fills: flat(pushFill, [fill(0.25, side, 7)]) });
  t.same(readSeeds(db).holdings, [{ symbol: 'BTCUSD', quantity: 0.5, price: 7 }]);
  t.match(db.prepare('SELECT * FROM holdings').all(), [{ market: null, quantity: 0.5, cash: -3.5, fees: 0.04 }]);
});

t.test('orders that were left open are cancelled by what was not filled, once', async (t) => {
  const { db, write } = database(t);
  const filled = row('PARTIALLY_FILLED', { quantity: 1, ts: 7 });
  const whole = [row('NEW', { orderId: 'whole' }), row('FILLED', { orderId: 'whole' })];
  write({ orders: flat(pushOrder, [row('NEW'), row('NEW', { orderId: 'untouched' }), filled, ...whole]) });
  cancelAbandonedOrders(db);
  cancelAbandonedOrders(db);
  t.match(db.prepare("SELECT * FROM orders WHERE state = 'CANCELED' ORDER BY quantity").all(), [
    { order_id: 'o', quantity: 2, ts: 7, side: 'BUY', source: 'a', reason: 'the engine was stopped' },
    { order_id: 'untouched', quantity: 3, ts: 1 },
  ]);
  t.equal(db.prepare("SELECT id FROM orders WHERE state = 'CANCELED'").all().length, 2);
});
