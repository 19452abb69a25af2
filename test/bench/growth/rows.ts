import { PRUNE_ROWS, pruner } from '@hybrid-soak/engine/store/rows/prune.ts';
import { engineViewer } from '@hybrid-soak/report/live/database.ts';
import { progressProbe } from '@hybrid-soak/supervisor/adapters/progress.ts';
import Database from 'better-sqlite3';
import { median } from '../ratio.ts';
import type { Rules } from '../row.ts';
import { addTicks, cachedTable, takeBack } from '../table.ts';
import type { Growth } from './table.ts';

const NEW_ROWS = 25_000;
const LOOKS = 7;

/** What looks at the table or prunes it, milliseconds at each size of it. */
export function growthOfRows({ quick }: Rules): Growth[] {
  return (quick ? [1e5, 1e6] : [1e5, 1e6, 1e7]).map((at) => ({ of: 'rows', at, cost: costAt(cachedTable(at), at) }));
}

function costAt(path: string, rows: number): Record<string, number> {
  const db = new Database(path);
  const probe = progressProbe(path);
  const viewer = engineViewer(path);
  const prune = pruner(db);
  const [probes, views, prunes]: [number[], number[], number[]] = [[], [], []];
  const timed = (into: number[], run: () => unknown) => {
    const started = performance.now();
    run();
    into.push(performance.now() - started);
  };
  probe.read();
  for (let look = 0; look < LOOKS; look++) {
    addTicks(db, NEW_ROWS);
    timed(probes, () => probe.read());
    timed(views, () => viewer.look(Date.now()));
    // Undone each time, so that the next look finds the same table; the commit is not in the figure.
    db.exec('BEGIN IMMEDIATE');
    timed(prunes, () => prune(Number.MAX_SAFE_INTEGER, PRUNE_ROWS));
    db.exec('ROLLBACK');
  }
  probe.close();
  viewer.close();
  takeBack(db, rows);
  db.close();
  return { 'stall probe ms': median(probes), 'dashboard ms': median(views), 'retention ms': median(prunes) };
}
