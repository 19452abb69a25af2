import type Database from 'better-sqlite3';
import { type FlatRows, fillsOf } from './flat-rows.ts';

/** Adds fills to the account of their symbols, in the transaction that writes them. */
export function holdingsWriter(db: Database.Database): (fills: FlatRows) => void {
  const add = db.prepare(
    `INSERT INTO holdings (symbol, quantity, price, cash, fees) VALUES (@symbol, @quantity, @price, @cash, @fees)
     ON CONFLICT (symbol) WHERE market IS NULL DO UPDATE SET quantity = quantity + excluded.quantity, price = excluded.price,
       cash = cash + excluded.cash, fees = fees + excluded.fees`,
  );
  return (fills) => {
    const changes = new Map<string, { symbol: string; quantity: number; price: number; cash: number; fees: number }>();
    for (const { symbol, side, quantity, price, fee } of fillsOf(fills)) {
      const change = changes.get(symbol) ?? { symbol, quantity: 0, price, cash: 0, fees: 0 };
      const bought = side === 'BUY' ? quantity : -quantity;
      change.quantity += bought;
      change.price = price;
      change.cash -= bought * price;
      change.fees += fee;
      changes.set(symbol, change);
    }
    for (const change of changes.values()) add.run(change);
  };
}
