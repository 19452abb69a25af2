import type Database from 'better-sqlite3';

/** A statement that inserts `size` rows, and room for the numbers that it binds. */
export interface ManyRows {
  size: number;
  use(): { insert: Database.Statement; values: number[] };
}

/** Prepared when it is used first: hundreds of rows take 100 KB and a millisecond, which an engine of few ticks never needs. */
export function manyRows(db: Database.Database, size: number, numbersPerRow: number, sql: () => string): ManyRows {
  let prepared: ReturnType<ManyRows['use']> | undefined;
  return {
    size,
    use() {
      prepared ??= { insert: db.prepare(sql()), values: new Array<number>(size * numbersPerRow) };
      return prepared;
    },
  };
}
