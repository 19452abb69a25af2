import type Database from 'better-sqlite3';
import { columnsOf, type TickArrays, type TickBatch } from './columns.ts';
import { manyRows } from './many-rows.ts';
import type { KnownMarkets } from './markets.ts';

/** Rows a statement, the most first: as many as are left fit into few statements. */
const SIZES = [200, 20, 1];
/** Values bound for a row whose id is bound too. */
const VALUES_PER_ROW = 4;

/**
 * Inserts a batch, up to two hundred rows a statement. Market and source are bound once for a run of rows that share them. A
 * numeric trade id is bound as a number and becomes text inside SQLite, which costs less than a JavaScript string; of ids that
 * count up from one to the next only the first is bound.
 */
export function tickInserter(db: Database.Database, markets: KnownMarkets): (batch: TickBatch) => void {
  const numbered = SIZES.map((size) => manyRows(db, size, VALUES_PER_ROW, () => sql(size, () => 'CAST(? AS INTEGER)')));
  const counted = SIZES.slice(0, -1).map((size) =>
    manyRows(db, size, VALUES_PER_ROW - 1, () => sql(size, (row) => `@first + ${row}`)),
  );
  const text = db.prepare(sql(1, () => '?'));

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
      for (const [n, of] of numbered.entries())
        for (const { size } = of; row + size <= end; row += size) {
          const byCount = counted[n];
          if (byCount !== undefined && counts(columns.id, row, row + size)) {
            const { insert, values } = byCount.use();
            fill(values, columns, row, row + size, false);
            insert.run({ ...shared, first: BigInt(columns.id[row] as number) }, ...values);
          } else {
            const { insert, values } = of.use();
            fill(values, columns, row, row + size, true);
            insert.run(shared, ...values);
          }
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

/** Whether each of these ids is the one before it plus 1. */
function counts(id: Float64Array, from: number, to: number): boolean {
  const first = id[from] as number;
  let row = from;
  while (row < to && id[row] === first + row - from) row++;
  return row === to;
}

function fill(values: number[], columns: TickArrays, from: number, to: number, withIds: boolean): void {
  let at = 0;
  for (let row = from; row < to; row++) {
    values[at++] = columns.price[row] as number;
    values[at++] = columns.volume[row] as number;
    values[at++] = columns.ts[row] as number;
    if (withIds) values[at++] = columns.id[row] as number;
  }
}

/**
 * OR FAIL: a statement that fails need not undo what it has done itself, for which SQLite would copy each page that it changes
 * (https://www.sqlite.org/tempfiles.html, statement journals); its transaction is rolled back.
 */
function sql(rows: number, id: (row: number) => string): string {
  const values = Array.from({ length: rows }, (_, row) => `(@id, @symbol, ?, ?, ?, @source, ${id(row)})`);
  return `INSERT OR FAIL INTO ticks (market, symbol, price, volume, ts, source, trade_id) VALUES ${values.join(', ')}`;
}
