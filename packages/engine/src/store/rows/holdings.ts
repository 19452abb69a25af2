import type Database from 'better-sqlite3';
import { type FlatRows, fillsOf } from './flat-rows.ts';
import type { KnownMarkets } from './markets.ts';

/** Adds fills to the account of their markets, in the transaction that writes them. */
export function holdingsWriter(db: Database.Database, markets: KnownMarkets): (fills: FlatRows) => void {
  const add = db.prepare(
    `INSERT INTO holdings (market, symbol, quantity, price, cash, fees) VALUES (@id, @symbol, @quantity, @price, @cash, @fees)
     ON CONFLICT (market) DO UPDATE SET quantity = quantity + excluded.quantity, price = excluded.price,
       cash = cash + excluded.cash, fees = fees + excluded.fees`,
  );
  return (fills) => {
    const changes = new Map<number, { quantity: number; price: number; cash: number; fees: number }>();
    for (const { market, side, quantity, price, fee } of fillsOf(fills)) {
      const change = changes.get(market) ?? { quantity: 0, price, cash: 0, fees: 0 };
      const bought = side === 'BUY' ? quantity : -quantity;
      change.quantity += bought;
      change.price = price;
      change.cash -= bought * price;
      change.fees += fee;
      changes.set(market, change);
    }
    for (const [market, change] of changes) add.run({ ...markets.of(market), ...change });
  };
}
