import type Database from 'better-sqlite3';
import { columnsOf, type TickArrays, type TickBatch } from './columns.ts';
import type { KnownMarkets } from './markets.ts';

/** Rows a statement, the most first: as many as are left fit into few statements. */
const SIZES = [200, 20, 1];
const VALUES_PER_ROW = 4;

/**
 * Inserts a batch, up to two hundred rows a statement. Market and source are bound once for a run of rows that share them. A
 * numeric trade id is bound as a number and becomes text inside SQLite, which costs less than a JavaScript string.
 */
export function tickInserter(db: Database.Database, markets: KnownMarkets): (batch: TickBatch) => void {
  const numeric = SIZES.map((size) => ({
    size,
    insert: db.prepare(sql(size, true)),
    values: new Array<number>(size * VALUES_PER_ROW),
  }));
  const text = db.prepare(sql(1, false));

  return ({ rows, capacity, buffer, names, texts }) => {
    const columns = columnsOf(buffer, capacity);
    const texted = new Map(texts);
    const named = (row: number) => ({
      ...markets.of(columns.market[row] as number),
      source: names[columns.source[row] as number] as string,
    });
    for (let row = 0; row < rows; ) {
      const shared = named(row);
      const end = row + alike(columns, row, rows);
      if (end === row) {
        const { price, volume, ts } = columns;
        text.run(price[row], volume[row], ts[row], texted.get(row) ?? null, shared);
        row++;
        continue;
      }
      for (const { size, insert, values } of numeric)
        for (; row + size <= end; row += size) {
          fill(values, columns, row, row + size);
          insert.run(shared, ...values);
        }
    }
  };
}

/** How many rows from there on share market and source and have numeric trade ids. */
function alike({ market, source, id }: TickArrays, from: number, end: number): number {
  const [itsMarket, itsSource] = [market[from], source[from]];
  let row = from;
  while (row < end && market[row] === itsMarket && source[row] === itsSource && !Number.isNaN(id[row])) row++;
  return row - from;
}

function fill(values: number[], columns: TickArrays, from: number, to: number): void {
  let at = 0;
  for (let row = from; row < to; row++) {
    values[at++] = columns.price[row] as number;
    values[at++] = columns.volume[row] as number;
    values[at++] = columns.ts[row] as number;
    values[at++] = columns.id[row] as number;
  }
}

/** The rows give numbers alone; what they share is put beside them in one place, which takes less than in each. */
function sql(rows: number, numericId: boolean): string {
  const id = numericId ? 'CAST(column4 AS INTEGER)' : 'column4';
  const values = new Array<string>(rows).fill('(?, ?, ?, ?)').join(', ');
  return `INSERT INTO ticks (market, symbol, price, volume, ts, source, trade_id)
    SELECT @id, @symbol, column1, column2, column3, @source, ${id} FROM (VALUES ${values})`;
}
