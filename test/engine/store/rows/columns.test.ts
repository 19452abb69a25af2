import { join } from 'node:path';
import type { Market } from '@hybrid-soak/engine/core/market.ts';
import type { OrderRow } from '@hybrid-soak/engine/core/shadow/execution.ts';
import type { Tick } from '@hybrid-soak/engine/core/tick.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { TickColumns } from '@hybrid-soak/engine/store/rows/columns.ts';
import { RowsBuilder, type SignalRow } from '@hybrid-soak/engine/store/rows/flat-rows.ts';
import { fillInserter, orderInserter, signalInserter } from '@hybrid-soak/engine/store/rows/insert-rows.ts';
import { tickInserter } from '@hybrid-soak/engine/store/rows/insert-ticks.ts';
import type Database from 'better-sqlite3';
import t from 'tap';
import { known, marketsOf } from '../../ticks.ts';

const markets = marketsOf('BTCUSD', 'ETHUSD');
const tick = (n: number, tradeId: Tick['tradeId'], market = markets[0] as Market): Tick => ({
  market,
  source: n % 7 === 0 ? 'gemini' : 'binance',
  price: 84_000 + n / 100,
  volume: 0.001 * (n + 1),
  ts: 1_700_000_000_000 + n,
  tradeId,
});

t.test('What goes through the columns stands in the table as it was', async (t) => {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  const insert = tickInserter(db, known(markets));
  const columns = new TickColumns(16);
  const odd = [null, 'a-b', '007', '9007199254740993', '-0', '1e3', '5000000000', 5_000_000_000, 0, '0'];
  const ticks = [
    ...Array.from({ length: 250 }, (_, n) => ({ ...tick(n, 1_000_000_000 + n), source: 'binance' })),
    ...odd.map((id, n) => tick(n, id, markets[n % 2])),
    // Ids that count up from one to the next all but once, go down, or stay.
    ...[(n: number) => (n < 30 ? 7 + n : 8 + n), (n: number) => -n, () => 5].flatMap((id) =>
      Array.from({ length: 40 }, (_, n) => ({ ...tick(n, id(n)), source: 'kraken' })),
    ),
  ];
  for (const each of ticks) columns.append(each);
  insert(columns.take());
  const rows = db.prepare('SELECT market, symbol, source, price, volume, ts, trade_id FROM ticks ORDER BY id').all();
  const text = (id: Tick['tradeId']) => (id === null ? null : String(id));
  t.same(
    rows,
    ticks.map(({ tradeId, market, ...rest }) => ({
      ...rest,
      market: market.index + 1,
      symbol: market.symbol,
      trade_id: text(tradeId),
    })),
  );
  t.same(db.prepare('SELECT DISTINCT typeof(trade_id) AS type, typeof(ts) AS ts FROM ticks ORDER BY type').all(), [
    { type: 'null', ts: 'integer' },
    { type: 'text', ts: 'integer' },
  ]);
  db.close();
});

t.test('A batch given away is not written to again, and a buffer given back is', async (t) => {
  const columns = new TickColumns(4);
  columns.append(tick(1, 1));
  const first = columns.take();
  columns.append(tick(2, 2));
  t.equal(new Float64Array(first.buffer)[0], 84_000.01);
  t.not(columns.take().buffer, first.buffer);
  columns.giveBack(first.buffer);
  columns.append(tick(3, 3));
  columns.take();
  columns.append(tick(4, 4));
  t.same([first.rows, columns.take().buffer === first.buffer], [1, true]);
});

t.test('An open batch without a tick gives away no buffer', async (t) => {
  const { rows, buffer } = new TickColumns(4).take();
  t.same([rows, buffer.byteLength], [0, 0]);
});

/** How often each statement that is prepared from now on has run, by the number of values that it binds. */
function counted(db: Database.Database): Map<number, number> {
  const runs = new Map<number, number>();
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => {
    const statement = prepare(sql);
    const rows = sql.split('?').length - 1;
    runs.set(rows, runs.get(rows) ?? 0);
    const run = statement.run.bind(statement);
    statement.run = ((...values: unknown[]) => {
      runs.set(rows, (runs.get(rows) ?? 0) + 1);
      return run(...values);
    }) as typeof statement.run;
    return statement;
  }) as typeof db.prepare;
  return runs;
}

t.test(
  'Ticks of one market and source go in by two hundred, the rest by twenty, others one by one, by statements made when they are needed; ids that count up are not bound',
  async (t) => {
    const { db } = openDatabase(join(t.testdir(), 'bot.db'));
    t.teardown(() => db.close());
    const runs = counted(db);
    const insert = tickInserter(db, known(markets));
    const columns = new TickColumns(16);
    for (let n = 0; n < 463; n++) columns.append({ ...tick(n, 1_000_000_000 + n), source: 'binance' });
    insert(columns.take());
    t.same(
      [...runs],
      [
        [4, 3],
        [600, 2],
        [60, 3],
      ],
    );
    for (let n = 0; n < 400; n++) columns.append(tick(n, n, markets[n % 2]));
    for (let n = 0; n < 220; n++) columns.append({ ...tick(n, 2 * n), source: 'binance' });
    insert(columns.take());
    t.same([runs.get(600), runs.get(60), runs.get(800), runs.get(80)], [2, 3, 1, 1]);
  },
);

const signal = (n: number, more: Partial<SignalRow> = {}): SignalRow => ({
  market: markets[0] as Market,
  ts: n,
  source: 's',
  strategy: 'sma',
  side: n % 2 === 0 ? 'BUY' : 'SELL',
  price: n / 4,
  reason: n % 2 === 0 ? 'above' : 'below',
  ...more,
});

t.test('Signals of one market go in by fifty, with the reasons of both sides', async (t) => {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  t.teardown(() => db.close());
  const runs = counted(db);
  const insert = signalInserter(db, known(markets));
  const rows = new RowsBuilder();
  for (let n = 0; n < 66; n++) rows.pushSignal(signal(n));
  insert(rows.take());
  t.same(
    [...runs],
    [
      [150, 1],
      [15, 3],
      [3, 1],
    ],
  );
});

const order = (orderId: OrderRow['orderId'], more: Partial<OrderRow> = {}): OrderRow => ({
  orderId,
  ts: 1_700_000_000_000,
  market: markets[0] as Market,
  source: 'binance',
  side: 'BUY',
  quantity: 0.001,
  price: 84_000.01,
  mode: 'SHADOW',
  state: 'NEW',
  reason: null,
  ...more,
});

t.test(
  'Signals, orders and fills stand in their tables as they were, whatever their ids, reasons and states',
  async (t) => {
    const { db } = openDatabase(join(t.testdir(), 'bot.db'));
    t.teardown(() => db.close());
    const ids = [
      'v:BTC:sma:5000000001',
      'v:BTC:sma:-7',
      'v:BTC:sma:007',
      'v:BTC:sma:1700-3',
      'v:BTC:sma:9007199254740993',
      'x',
      '7',
      'a:',
    ];
    const states = ['NEW', 'PARTIALLY_FILLED', 'FILLED', 'VETOED', 'CANCELED'] as const;
    const orders = Array.from({ length: 130 }, (_, n) =>
      order(n < 60 ? { prefix: 'v:BTC:sma:', number: n >> 1 } : (ids[n % ids.length] as string), {
        side: n % 4 < 2 ? 'BUY' : 'SELL',
        state: states[n % 5] as OrderRow['state'],
        reason: n % 3 === 0 ? null : n < 90 ? `r${n % 2}` : `RISK_CAP: ${n}`,
        mode: n < 100 ? 'SHADOW' : 'PAPER',
        market: markets[n > 110 ? 1 : 0] as Market,
        source: n > 120 ? 'gemini' : 'binance',
      }),
    );
    const signals = Array.from({ length: 20 }, (_, n) =>
      signal(n, n > 9 ? { reason: `r${n % 3}`, source: `s${n % 2}` } : {}),
    );
    const fills = orders.map(({ orderId, ts, market, side, price }, n) => ({
      orderId,
      ts,
      market,
      side,
      quantity: n,
      price,
      fee: n / 8,
    }));
    const [bySignal, byOrder, byFill] = [new RowsBuilder(), new RowsBuilder(), new RowsBuilder()];
    for (const row of signals) bySignal.pushSignal(row);
    for (const row of orders) byOrder.pushOrder(row);
    for (const row of fills) byFill.pushFill(row);
    signalInserter(db, known(markets))(bySignal.take());
    orderInserter(db, known(markets))(byOrder.take());
    fillInserter(db, known(markets))(byFill.take());
    const stored = (table: string, columns: string) => db.prepare(`SELECT ${columns} FROM ${table} ORDER BY id`).all();
    const text = (id: OrderRow['orderId']) => (typeof id === 'string' ? id : `${id.prefix}${id.number}`);
    const named = <T extends { market: Market; orderId?: OrderRow['orderId'] }>({ market, orderId, ...rest }: T) => ({
      ...(orderId === undefined ? {} : { orderId: text(orderId) }),
      ...rest,
      market: market.index + 1,
      symbol: market.symbol,
    });
    t.same(stored('signals', 'market, symbol, ts, source, strategy, side, price, reason'), signals.map(named));
    t.same(
      stored('orders', 'market, symbol, order_id AS orderId, ts, source, side, quantity, price, mode, state, reason'),
      orders.map(named),
    );
    t.same(stored('trades', 'market, symbol, order_id AS orderId, ts, side, quantity, price, fee'), fills.map(named));
    t.same(db.prepare('SELECT DISTINCT typeof(ts) AS ts, typeof(order_id) AS id FROM orders').all(), [
      { ts: 'integer', id: 'text' },
    ]);
    t.same(bySignal.take().cells.length, 0);
  },
);
