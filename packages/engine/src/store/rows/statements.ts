import type Database from 'better-sqlite3';
import type { Batch, StatusRow } from './batch.ts';
import { holdingsWriter } from './holdings.ts';
import { fillInserter, orderInserter, signalInserter } from './insert-rows.ts';
import { tickInserter } from './insert-ticks.ts';
import { ledgerWriter } from './ledger.ts';
import { knownMarkets } from './markets.ts';
import { positionsWriter } from './positions.ts';
import { healthWriter } from './source-health.ts';

/** One function that writes a batch in one transaction; `ticksWritten` counts what this process has committed. */
export function batchWriter(db: Database.Database, pid: number, quarantineMaxRows: number) {
  const markets = knownMarkets(db);
  const insertTicks = tickInserter(db, markets);
  const insertSignals = signalInserter(db, markets);
  const insertOrders = orderInserter(db, markets);
  const insertFills = fillInserter(db, markets);
  const addToHoldings = holdingsWriter(db, markets);
  const writePositions = positionsWriter(db, markets);
  const quarantine = db.prepare(
    'INSERT INTO quarantine (source, received_ms, reason, raw) VALUES (@source, @receivedMs, @reason, @raw)',
  );
  const trim = db.prepare('DELETE FROM quarantine WHERE id <= (SELECT MAX(id) FROM quarantine) - ?');
  const status = db.prepare(STATUS);
  const writeHealth = healthWriter(db);
  const writeLedger = ledgerWriter(db, markets);

  return db.transaction((batch: Batch, nowMs: number, ticksWritten: number) => {
    markets.add(batch.markets);
    insertTicks(batch.ticks);
    insertSignals(batch.signals);
    insertOrders(batch.orders);
    insertFills(batch.fills);
    addToHoldings(batch.fills);
    for (const row of batch.quarantine) quarantine.run(row);
    if (batch.quarantine.length > 0) trim.run(quarantineMaxRows);
    writeLedger(batch);
    if (batch.health !== undefined) writeHealth(batch.health);
    writePositions(batch.positions, nowMs);
    status.run(statusRow(batch.status, pid, nowMs, ticksWritten));
  });
}

const STATUS = `INSERT INTO engine_status
  (id, pid, invocation_id, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection, sample_every, counters,
   connection_state, trade_frames_kept, trade_frames_sampled_out, vitals)
  VALUES (1, @pid, @invocationId, @startedMs, @nowMs, @framesReceived, @ticksWritten, @drops, @connection, @sampleEvery, @counters,
   @connectionState, @tradeFramesKept, @tradeFramesSampledOut, @vitals)
  ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, invocation_id = excluded.invocation_id,
  started_ms = excluded.started_ms, last_flush_ms = excluded.last_flush_ms, frames_received = excluded.frames_received,
  ticks_written = excluded.ticks_written, drops = excluded.drops, connection = excluded.connection,
  sample_every = excluded.sample_every, counters = excluded.counters,
  connection_state = excluded.connection_state, trade_frames_kept = excluded.trade_frames_kept,
  trade_frames_sampled_out = excluded.trade_frames_sampled_out, vitals = excluded.vitals`;

function statusRow(status: StatusRow, pid: number, nowMs: number, ticksWritten: number) {
  return { ...status, vitals: status.vitals && JSON.stringify(status.vitals), pid, nowMs, ticksWritten };
}
