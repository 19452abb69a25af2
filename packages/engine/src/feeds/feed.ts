import type { ConnectionState } from '@hybrid-soak/contract/heartbeat.ts';
import type { CoverageKind } from '../core/coverage.ts';
import type { FrameOrigin } from '../core/frame-origin.ts';

/** Where frames come from. A feed hands over raw bytes and says how its connection stands; it decides nothing else. */
export interface Feed {
  /** Hands over what has arrived, then stops intake; nothing is handed over after it. */
  stop(): Promise<void>;
  /** One word or two for people: `connected to binance`, `connecting`. */
  state(): string;
  /** The code beside that text; `stopped` is not the feed's to say. */
  connection(): Exclude<ConnectionState, 'stopped'>;
}

export interface FeedEvents {
  /** True where the frame carried live trades, kept or not; it feeds the trade clock. */
  frame(source: FrameOrigin, bytes: Buffer): boolean;
  log(level: 'info' | 'warn', message: string, detail?: Record<string, unknown>): void;
  /** Every source has been unreachable for this long. */
  unreachable(ms: number): void;
  /** The recording has come to its end. */
  finished?(): void;
  /** The recording cannot be read any further, and why. */
  unreadable?(why: string): void;
  /** The coverage ledger; times are wall time in milliseconds. */
  coverage?: {
    begin(source: string, kind: CoverageKind, fromMs: number, detail?: string | null): void;
    end(source: string, kind: CoverageKind, atMs: number): void;
  };
}
