import type Database from 'better-sqlite3';
import type { Market } from '../../core/market.ts';

/** A market of this run as the database knows it. */
export interface KnownMarket {
  id: number;
  symbol: string;
}

/** The rows of `markets` by the run's own index, which is what the rows of a batch carry. */
export interface KnownMarkets {
  /** Adds them, in the transaction of the first batch that needs them; a retry of that batch adds them again. */
  add(markets: readonly Market[]): void;
  of(index: number): KnownMarket;
}

export function knownMarkets(db: Database.Database): KnownMarkets {
  const upsert = db
    .prepare(
      `INSERT INTO markets (venue, wire_symbol, symbol) VALUES (@venue, @wire, @symbol)
       ON CONFLICT (venue, wire_symbol) DO UPDATE SET symbol = excluded.symbol RETURNING id`,
    )
    .pluck();
  // A holding of schema 2 has no market: the first one that is shown by its symbol takes it over.
  const adopt = db.prepare(
    `UPDATE holdings SET market = @id WHERE market IS NULL AND symbol = @symbol
       AND NOT EXISTS (SELECT 1 FROM holdings WHERE market = @id)`,
  );
  const known: KnownMarket[] = [];
  return {
    add(markets) {
      for (const { index, venue, wire, symbol } of markets) {
        const id = upsert.get({ venue, wire, symbol }) as number;
        adopt.run({ id, symbol });
        known[index] = { id, symbol };
      }
    },
    of: (index) => known[index] as KnownMarket,
  };
}
