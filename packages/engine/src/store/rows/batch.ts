import type { CoverageChange } from '../../core/coverage.ts';
import type { GapChange, Seeds } from '../../core/dedupe/gaps.ts';
import type { TickBatch } from './columns.ts';
import type { FlatRows } from './flat-rows.ts';

export interface QuarantineRow {
  source: string;
  receivedMs: number;
  reason: string;
  raw: string;
}

/** The heartbeat: the engine's one row in `engine_status`. */
export interface StatusRow {
  startedMs: number;
  invocationId: string | null;
  framesReceived: number;
  drops: number;
  connection: string;
  sampleEvery: number;
  counters: string;
}

/** What one transaction writes. The heartbeat goes with every batch, also with an empty one. */
export interface Batch {
  ticks: TickBatch;
  signals: FlatRows;
  orders: FlatRows;
  fills: FlatRows;
  quarantine: QuarantineRow[];
  gaps: GapChange[];
  coverage: CoverageChange[];
  status: StatusRow;
}

/** What the persistence thread is given at its start. */
export interface WriterRules {
  path: string;
  quarantineMaxRows: number;
  /** Older rows are pruned; null keeps everything. */
  retainMs: number | null;
  /** Moves a corrupt database aside. */
  recover: boolean;
  /** How long a database that cannot be had now is tried for at the start, ms. */
  patienceMs: number;
}

export type ToWriter = { kind: 'batch'; batch: Batch } | { kind: 'close' };
export type FromWriter =
  | {
      kind: 'ready';
      pragmas: Record<string, unknown>;
      migrated: string | null;
      movedAside: string | null;
      seeds: Seeds;
    }
  | { kind: 'refused'; message: string; forNow: boolean }
  | { kind: 'committed'; ticks: number; tookMs: number; buffer: ArrayBuffer }
  | { kind: 'retrying'; message: string }
  | { kind: 'closed'; ticksWritten: number };
