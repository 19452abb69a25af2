import type { EndReason } from '@hybrid-soak/contract/exit-codes.ts';
import type { ConnectionState } from '@hybrid-soak/contract/heartbeat.ts';
import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import type { SourceHealth } from '../../core/connection/health.ts';
import type { CoverageChange } from '../../core/coverage.ts';
import type { GapChange, Seeds } from '../../core/dedupe/gaps.ts';
import type { Market } from '../../core/market.ts';
import type { TickBatch } from './columns.ts';
import type { FlatRows } from './flat-rows.ts';
import type { PositionRow } from './positions.ts';

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
  /** For people. */
  connection: string;
  connectionState: ConnectionState;
  /** Live trade frames since the start: handed to the mapper, and skipped by sampling. */
  tradeFramesKept: number;
  tradeFramesSampledOut: number;
  sampleEvery: number;
  /** JSON: the counters of `core/counters.ts`. */
  counters: string;
  vitals: Vitals | null;
}

/** How a life of the engine ended: its row in `engine_lives`. */
export interface LifeEnd {
  reason: EndReason;
  exitCode: number;
  /** JSON: the final counters. */
  totals: string;
}

/** What one transaction writes. The heartbeat goes with every batch, also with an empty one. */
export interface Batch {
  /** The markets that are new since the batch before; the rows name them by their index. */
  markets: Market[];
  ticks: TickBatch;
  signals: FlatRows;
  orders: FlatRows;
  fills: FlatRows;
  quarantine: QuarantineRow[];
  gaps: GapChange[];
  coverage: CoverageChange[];
  health?: SourceHealth[];
  positions: PositionRow[];
  status: StatusRow;
}

/** What the persistence thread opens, and how. */
export interface WriterRules {
  path: string;
  quarantineMaxRows: number;
  /** Older rows are pruned; null keeps everything. */
  retainMs: number | null;
  /** Moves a corrupt database aside. */
  recover: boolean;
  /** How long a database that cannot be had now is tried for at the start, ms. */
  patienceMs: number;
  startedMs: number;
  invocationId: string | null;
  /** The engine makes the stamps of its rows itself: they say nothing about the clock. */
  ownStamps: boolean;
  /** Less free space is warned of. */
  minFreeMb: number;
}

/** A log line of the writer thread. */
export interface WriterNote {
  level: 'info' | 'warn';
  message: string;
  detail: Record<string, unknown>;
}

/** `openedMs`: when the first frame of the batch came, ms of `threadClock`. */
export type ToWriter =
  /** The first, once. */
  | { kind: 'open'; rules: WriterRules }
  | { kind: 'batch'; batch: Batch; openedMs: number }
  | { kind: 'collect' }
  | { kind: 'close'; end: LifeEnd };
export type FromWriter =
  | {
      kind: 'ready';
      pragmas: Record<string, unknown>;
      migrated: string | null;
      movedAside: string | null;
      compacted: string;
      seeds: Seeds;
      health: SourceHealth[];
    }
  | { kind: 'refused'; message: string; forNow: boolean }
  /** A large batch; of others only the shared memory says that they are committed. */
  | { kind: 'committed'; tookUs: number; buffer: ArrayBuffer }
  | { kind: 'collected'; heapBytes: number }
  | ({ kind: 'note' } & WriterNote)
  | { kind: 'retrying'; message: string }
  | { kind: 'closed'; ticksWritten: number };
