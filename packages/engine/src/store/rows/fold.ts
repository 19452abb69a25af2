import type Database from 'better-sqlite3';

const FOLD = `SELECT market, symbol, COUNT(*) AS trades, SUM(fee) AS fees,
    SUM(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) AS quantity,
    SUM(CASE side WHEN 'BUY' THEN -quantity * price ELSE quantity * price END) AS cash
  FROM trades WHERE id > @after AND id <= @after + @rows AND ts < @before GROUP BY market, symbol`;

/** Rows from before there were markets belong to the account of their symbol, whichever market has taken it over. */
const ACCOUNT = `UPDATE holdings SET folded_trades = folded_trades + @trades, folded_fees = folded_fees + @fees,
    folded_quantity = folded_quantity + @quantity, folded_cash = folded_cash + @cash
  WHERE id = (SELECT id FROM holdings WHERE market = @market OR (@market IS NULL AND symbol = @symbol)
    ORDER BY market IS NOT NULL, id LIMIT 1)`;

/**
 * Adds the fills that a step of retention is about to delete to the folded part of their accounts, so that in `holdings`
 * total - folded stays the sum over the rows of `trades`.
 */
export function tradeFolder(db: Database.Database): (step: { after: number; before: number; rows: number }) => void {
  const fold = db.prepare(FOLD);
  const account = db.prepare(ACCOUNT);
  return (step) => {
    for (const sums of fold.all(step)) account.run(sums);
  };
}
