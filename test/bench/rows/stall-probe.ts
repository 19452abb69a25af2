import { progressProbe } from '@hybrid-soak/supervisor/adapters/progress.ts';
import Database from 'better-sqlite3';
import { alternate, median } from '../ratio.ts';
import type { Row } from '../row.ts';
import { addTicks, cachedTable, takeBack } from '../table.ts';

const NEW_ROWS = 25_000;
const LOOKS = 2;

/** The supervisor's look at a table to which 25,000 rows (5 s at 5,000 a second) came since the last look. */
export const stallProbe: Row = {
  name: 'stall-probe',
  what: 'stall probe at 10 M rows against the probe at 100 k rows',
  unit: 'x',
  target: { most: 1.2 },
  async measure({ quick, repeats }) {
    const large = quick ? 1_000_000 : 10_000_000;
    const small = probed(100_000);
    const big = probed(large);
    const turns = await alternate(repeats * 4, small.looks, big.looks);
    small.end();
    big.end();
    const ms = (of: 'yardstick' | 'real') => `${median(turns.map((turn) => turn[of])).toFixed(2)} ms`;
    return {
      figures: turns.map(({ yardstick, real }) => real / yardstick),
      seen: `100 k rows ${ms('yardstick')}, ${large / 1_000_000} M rows ${ms('real')}`,
    };
  },
};

/** `looks`: the median of some, milliseconds each; `end` leaves the table as it was, for the next row that needs it. */
function probed(rows: number): { looks(): number; end(): void } {
  const path = cachedTable(rows);
  const db = new Database(path);
  const probe = progressProbe(path);
  probe.read();
  const looks = () => {
    const took: number[] = [];
    for (let n = 0; n < LOOKS; n++) {
      addTicks(db, NEW_ROWS);
      const started = performance.now();
      const { progress } = probe.read();
      took.push(performance.now() - started);
      if (!progress.available || progress.value.new_rows !== NEW_ROWS) throw new Error(JSON.stringify(progress));
    }
    return median(took);
  };
  const end = () => {
    probe.close();
    takeBack(db, rows);
    db.close();
  };
  return { looks, end };
}
