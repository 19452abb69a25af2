import { join } from 'node:path';
import type { Market } from '@hybrid-soak/engine/core/market.ts';
import type { Tick } from '@hybrid-soak/engine/core/tick.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { TickColumns } from '@hybrid-soak/engine/store/rows/columns.ts';
import { type FlatRows, pushSignal, signalInserter } from '@hybrid-soak/engine/store/rows/flat-rows.ts';
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

/** How often each statement of the database runs from now on, by the number of rows that it inserts. */
function counted(db: Database.Database): Map<number, number> {
  const runs = new Map<number, number>();
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => {
    const statement = prepare(sql);
    const rows = sql.split('?').length - 1;
    const run = statement.run.bind(statement);
    statement.run = ((...values: unknown[]) => {
      runs.set(rows, (runs.get(rows) ?? 0) + 1);
      return run(...values);
    }) as typeof statement.run;
    return statement;
  }) as typeof db.prepare;
  return runs;
}

t.test('Ticks of one market and source go in by the hundred, the rest by ten, others one by one', async (t) => {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  t.teardown(() => db.close());
  const runs = counted(db);
  const insert = tickInserter(db, known(markets));
  const columns = new TickColumns(16);
  for (let n = 0; n < 230; n++) columns.append({ ...tick(n, 1_000_000_000 + n), source: 'binance' });
  insert(columns.take());
  t.same(
    [...runs],
    [
      [400, 2],
      [40, 3],
    ],
  );
  for (let n = 0; n < 200; n++) columns.append(tick(n, n, markets[n % 2]));
  insert(columns.take());
  t.equal(runs.get(400), 2);
});

t.test('Signals go in by twenty-five', async (t) => {
  const { db } = openDatabase(join(t.testdir(), 'bot.db'));
  t.teardown(() => db.close());
  const runs = counted(db);
  const insert = signalInserter(db, known(markets));
  const rows: FlatRows = [];
  for (let ts = 0; ts < 60; ts++)
    pushSignal(rows, {
      market: markets[0] as Market,
      ts,
      source: 's',
      strategy: 'sma',
      side: 'BUY',
      price: 1,
      reason: '',
    });
  insert(rows);
  t.same(
    [...runs],
    [
      [200, 2],
      [8, 10],
    ],
  );
});
