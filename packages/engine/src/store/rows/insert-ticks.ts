import type Database from 'better-sqlite3';
import { columnsOf, type TickArrays, type TickBatch } from './columns.ts';
import type { KnownMarkets } from './markets.ts';

const ROWS_PER_STATEMENT = 100;
const VALUES_PER_ROW = 4;

/**
 * Inserts a batch, a hundred rows a statement. Market and source are bound once for a run of rows that share them. A
 * numeric trade id is bound as a number and becomes text inside SQLite, which costs less than a JavaScript string.
 */
export function tickInserter(db: Database.Database, markets: KnownMarkets): (batch: TickBatch) => void {
  const numeric = { one: db.prepare(sql(1, true)), many: db.prepare(sql(ROWS_PER_STATEMENT, true)) };
  const text = db.prepare(sql(1, false));
  const values = new Array<number>(ROWS_PER_STATEMENT * VALUES_PER_ROW);
  const single = new Array<number>(VALUES_PER_ROW);

  return ({ rows, capacity, buffer, names, texts }) => {
    const columns = columnsOf(buffer, capacity);
    const texted = new Map(texts);
    const named = (row: number) => ({
      ...markets.of(columns.market[row] as number),
      source: names[columns.source[row] as number] as string,
    });
    for (let row = 0; row < rows; ) {
      const end = Math.min(row + ROWS_PER_STATEMENT, rows);
      if (end - row === ROWS_PER_STATEMENT && alike(columns, row, end)) {
        fill(values, columns, row, end);
        numeric.many.run(values, named(row));
        row = end;
        continue;
      }
      for (; row < end; row++) {
        fill(single, columns, row, row + 1);
        if (single[3] === null) text.run(single.slice(0, 3), texted.get(row) ?? null, named(row));
        else numeric.one.run(single, named(row));
      }
    }
  };
}

/** Whether the rows share market and source and have numeric trade ids. */
function alike(columns: TickArrays, from: number, to: number): boolean {
  const market = columns.market[from];
  const source = columns.source[from];
  for (let row = from; row < to; row++)
    if (columns.market[row] !== market || columns.source[row] !== source || Number.isNaN(columns.id[row])) return false;
  return true;
}

function fill(values: (number | null)[], columns: TickArrays, from: number, to: number): void {
  let at = 0;
  for (let row = from; row < to; row++) {
    const id = columns.id[row] as number;
    values[at++] = columns.price[row] as number;
    values[at++] = columns.volume[row] as number;
    values[at++] = columns.ts[row] as number;
    values[at++] = Number.isNaN(id) ? null : id;
  }
}

function sql(rows: number, numericId: boolean): string {
  const row = `(@id, @symbol, ?, ?, ?, @source, ${numericId ? 'CAST(? AS INTEGER)' : '?'})`;
  const all = new Array<string>(rows).fill(row).join(', ');
  return `INSERT INTO ticks (market, symbol, price, volume, ts, source, trade_id) VALUES ${all}`;
}
