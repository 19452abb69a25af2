import { monotonicMs } from '../adapters/clock.ts';
import type { Notes } from '../inspect/notes.ts';
import { systemctl } from '../unit/systemctl.ts';
import { localExchange } from './exchange.ts';
import type { Ground } from './ground.ts';
import type { ProofCode } from './proof.ts';

const RATE = 200;
const MOST_LOST_S = 5;
const timesOf = (quick: boolean) => (quick ? 3 : 20);

export const restart: ProofCode = {
  name: 'restart',
  requirement:
    'A restart costs a bounded and known number of rows and doubles none; a reload of sample_every loses none.',
  method: (quick) =>
    `${timesOf(quick)} restarts of the unit over a local exchange (${RATE} frames/s over a WebSocket): from the call to the first committed row of the new ` +
    'process. Lost: what an exchange that goes on would have sent between the last row before and the first one after, by their exchange times. ' +
    `Then ${timesOf(quick)} reloads: the exchange's trade ids must have no hole.`,
  async measure(ground, notes) {
    const exchange = await localExchange(ground, RATE);
    try {
      ground.configure({ engine: { ingest_mode: 'realws', sample_every: 1 } });
      await ground.restart();
      await restarts(ground, notes, timesOf(ground.quick));
      await reloads(ground, notes, timesOf(ground.quick));
    } finally {
      exchange.close();
    }
  },
};

async function restarts(ground: Ground, notes: Notes, times: number): Promise<void> {
  const since = ground.scratch.lastId();
  const gaps: number[] = [];
  const lost: number[] = [];
  for (let n = 0; n < times; n++) {
    await ground.resetCounters();
    await ground.pause(400);
    const old = ground.scratch.status()?.pid;
    const from = ground.scratch.lastId();
    const started = monotonicMs();
    const asked = ground.manager.restart();
    await ground.until('the first row of the new process', () => fresh(ground, old), 120, 2);
    gaps.push(monotonicMs() - started);
    const outcome = await asked;
    if (!outcome.ok) notes.check(`restart ${n + 1} succeeded`, false, String(outcome.error));
    lost.push(lostAcross(ground, from));
    notes.evidence({ restart: n + 1, first_row_ms: gaps.at(-1), rows_lost: lost.at(-1), ...outcome });
  }
  const sorted = [...gaps].sort((a, b) => a - b);
  const [p50, p95] = [0.5, 0.95].map((q) => sorted[Math.ceil(q * sorted.length) - 1] as number) as [number, number];
  const most = Math.max(...lost);
  notes.number('first new row p50', p50, 'ms');
  notes.number('first new row p95', p95, 'ms');
  notes.number('rows lost at a restart, mean', lost.reduce((a, b) => a + b, 0) / lost.length, 'rows');
  notes.number('rows lost at a restart, most', most, 'rows');
  notes.check(
    `every restart writes again, and loses at most ${MOST_LOST_S} s of rows`,
    most <= RATE * MOST_LOST_S,
    `${times} restarts: first new row after ${p50.toFixed(0)} ms (p50), ${p95.toFixed(0)} ms (p95); at most ${most} rows lost, ${RATE * MOST_LOST_S} allowed`,
  );
  const doubled = doubles(ground, since);
  notes.check('no row is double after the restarts', doubled === 0, `${doubled} double trade ids`);
}

function fresh(ground: Ground, old: number | undefined): boolean {
  const status = ground.scratch.status();
  return status !== null && status.pid !== old && status.ticks_written > 0;
}

/** Rows that fit into the longest silence since a row, at the rate of the exchange. */
function lostAcross(ground: Ground, from: number): number {
  const rows = ground.scratch.ask<{ gap: number }>(
    'SELECT MAX(ts - before) AS gap FROM (SELECT ts, LAG(ts) OVER (ORDER BY id) AS before FROM ticks WHERE id >= ?)',
    from,
  );
  return Math.max(0, Math.round(((rows?.[0]?.gap ?? 0) * RATE) / 1000) - 1);
}

/** Trade ids of one source that stand in more than one row. */
export function doubles(ground: Ground, since: number): number {
  const rows = ground.scratch.ask<{ n: number }>(
    'SELECT COUNT(*) AS n FROM (SELECT 1 FROM ticks WHERE id > ? GROUP BY source, symbol, trade_id HAVING COUNT(*) > 1)',
    since,
  );
  return rows?.[0]?.n ?? 0;
}

async function reloads(ground: Ground, notes: Notes, times: number): Promise<void> {
  const why = await cannotReload(ground);
  if (why !== null)
    return notes.blocked('a reload loses no row', why, 'an engine and a unit that reload: ExecReload= in the unit');
  const { main_pid: pid } = await ground.writing();
  const since = ground.scratch.lastId();
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    ground.sampleEvery(1);
    const started = monotonicMs();
    const outcome = await ground.manager.reload();
    took.push(monotonicMs() - started);
    if (!outcome.ok) notes.check(`reload ${n + 1} succeeded`, false, String(outcome.error));
    await ground.pause(200);
  }
  const rows = ground.scratch.lastId();
  await ground.until('rows after the reloads', () => ground.scratch.lastId() > rows, 120);
  const span = ground.scratch.ask<{ n: number; first: number; last: number }>(
    'SELECT COUNT(DISTINCT trade_id) AS n, MIN(CAST(trade_id AS INTEGER)) AS first, MAX(CAST(trade_id AS INTEGER)) AS last FROM ticks WHERE id > ?',
    since,
  )?.[0] ?? { n: 0, first: 0, last: 0 };
  const missing = span.last - span.first + 1 - span.n;
  const unit = await ground.unit();
  notes.evidence({ reloads: times, took_ms: took, trade_ids: span, unit });
  notes.number('rows lost at reloads', missing, 'rows');
  notes.check(
    `${times} reloads lose no row and keep the process`,
    span.n > 0 && missing === 0 && unit.main_pid === pid,
    `trade ids ${span.first} to ${span.last}: ${missing} missing; main process ${pid}, then ${unit.main_pid}`,
  );
}

async function cannotReload(ground: Ground): Promise<string | null> {
  if (ground.scope === null) return 'the embedded stand-in has no ExecReload: a reload is a matter of systemd';
  const { stdout } = await systemctl(ground.scope, ['show', ground.plan.unit, '-p', 'CanReload', '--value']);
  return stdout.trim() === 'yes' ? null : `the unit cannot reload: CanReload=${stdout.trim()}`;
}
