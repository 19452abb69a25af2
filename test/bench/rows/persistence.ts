import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { TickColumns } from '@hybrid-soak/engine/store/rows/columns.ts';
import { RowsBuilder } from '@hybrid-soak/engine/store/rows/flat-rows.ts';
import { startWriter } from '@hybrid-soak/engine/store/writer.ts';
import { STATUS } from '../../engine/ticks.ts';
import { alternate, median } from '../ratio.ts';
import type { Row } from '../row.ts';

const BATCH = 5000;
const ROWS_PER_STATEMENT = 50;
const FIRST_ID = 5_000_000_000;

/** The persistence thread, from the first tick in a column to the last commit, beside bare inserts of ready values. */
export const persistence: Row = {
  name: 'persistence',
  what: 'persistence thread alone against bare inserts, 50 rows a statement, 5,000 a transaction',
  unit: 'x bare',
  target: { least: 1 },
  async measure({ quick, repeats }) {
    const rows = quick ? 200_000 : 500_000;
    const turns = await alternate(
      repeats,
      () => inFolder((path) => bareInserts(path, rows)),
      () => inFolder((path) => throughThread(path, rows)),
    );
    const rate = (of: 'yardstick' | 'real') => `${Math.round(median(turns.map((turn) => turn[of])) / 1000)}k rows/s`;
    return {
      figures: turns.map(({ yardstick, real }) => real / yardstick),
      seen: `bare ${rate('yardstick')}, thread ${rate('real')}`,
    };
  },
};

const price = (n: number) => 84_000 + (n % 1000) / 100;
const volume = (n: number) => 0.001 + (n % 777) / 1e6;
const ts = (n: number) => 1_700_000_000_000 + n;

async function inFolder(measure: (path: string) => number | Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
  try {
    return await measure(join(folder, 'bot.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows a second. The values are made beforehand: nothing but SQLite is measured. */
function bareInserts(path: string, rows: number): number {
  const { db } = openDatabase(path);
  const row = '(?, ?, ?, ?, ?, ?)';
  const all = new Array<string>(ROWS_PER_STATEMENT).fill(row).join(', ');
  const insert = db.prepare(`INSERT INTO ticks (symbol, price, volume, ts, source, trade_id) VALUES ${all}`);
  const statements: unknown[][] = [];
  for (let n = 0; n < rows; n += ROWS_PER_STATEMENT) {
    const values: unknown[] = [];
    for (let i = n; i < n + ROWS_PER_STATEMENT; i++)
      values.push('BTCUSD', price(i), volume(i), ts(i), 'binance', String(FIRST_ID + i));
    statements.push(values);
  }
  const write = db.transaction((from: number) => {
    for (let n = from; n < from + BATCH / ROWS_PER_STATEMENT; n++) insert.run(statements[n]);
  });
  const started = performance.now();
  for (let n = 0; n < statements.length; n += BATCH / ROWS_PER_STATEMENT) write.immediate(n);
  const seconds = (performance.now() - started) / 1000;
  db.close();
  return rows / seconds;
}

async function throughThread(path: string, rows: number): Promise<number> {
  const ticks = new TickColumns(BATCH);
  const writer = await startWriter(
    {
      path,
      quarantineMaxRows: 1000,
      retainMs: null,
      recover: false,
      patienceMs: 0,
      startedMs: 1,
      invocationId: null,
      flushIntervalMs: 1000,
      ownStamps: true,
      minFreeMb: 0,
    },
    {
      retrying() {},
      note() {},
      failed(error) {
        throw error;
      },
    },
  );
  writer.onReturned = (buffer) => ticks.giveBack(buffer);
  const started = performance.now();
  for (let n = 0; n < rows; n++) {
    ticks.append({
      market: MARKET,
      source: 'binance',
      price: price(n),
      volume: volume(n),
      ts: ts(n),
      tradeId: FIRST_ID + n,
    });
    if (ticks.length === BATCH) writer.write(batch(ticks, n < BATCH ? [MARKET] : []), performance.now());
  }
  while (writer.pendingTicks() > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const seconds = (performance.now() - started) / 1000;
  await writer.close({ reason: 'signal', exitCode: 0, totals: '{}' });
  return rows / seconds;
}

const NO_ROWS = new RowsBuilder().take();
const MARKET = { index: 0, venue: 'bench', wire: 'BTCUSD', symbol: 'BTCUSD' };
const batch = (ticks: TickColumns, markets: (typeof MARKET)[]) => ({
  markets,
  ticks: ticks.take(),
  signals: NO_ROWS,
  orders: NO_ROWS,
  fills: NO_ROWS,
  quarantine: [],
  gaps: [],
  coverage: [],
  positions: [],
  status: STATUS,
});
