import type Database from 'better-sqlite3';
import { type FlatRows, fillsOf } from './flat-rows.ts';

/** Adds fills to what is held of their symbols, in the transaction that writes them. */
export function holdingsWriter(db: Database.Database): (fills: FlatRows) => void {
  const add = db.prepare(
    `INSERT INTO holdings (symbol, quantity, price) VALUES (@symbol, @quantity, @price)
     ON CONFLICT (symbol) DO UPDATE SET quantity = quantity + excluded.quantity, price = excluded.price`,
  );
  return (fills) => {
    const changes = new Map<string, { symbol: string; quantity: number; price: number }>();
    for (const { symbol, side, quantity, price } of fillsOf(fills)) {
      const change = changes.get(symbol) ?? { symbol, quantity: 0, price };
      change.quantity += side === 'BUY' ? quantity : -quantity;
      change.price = price;
      changes.set(symbol, change);
    }
    for (const change of changes.values()) add.run(change);
  };
}
