import type { ConnectionState } from '@hybrid-soak/contract/heartbeat.ts';
import type { CoverageKind } from '../core/coverage.ts';
import type { Origin } from '../core/dedupe/dedupe.ts';

/** Where frames come from. A feed hands over raw bytes and says how its connection stands; it decides nothing else. */
export interface Feed {
  /** Hands over what has arrived, then stops intake; nothing is handed over after it. */
  stop(): Promise<void>;
  /** One word or two for people: `connected to binance`, `connecting`. */
  state(): string;
  /** The code beside that text; `stopped` is not the feed's to say. */
  connection(): Exclude<ConnectionState, 'stopped'>;
}

/** One connection to a source: a new object for each, so that what is counted per connection begins anew. */
export interface FrameSource extends Origin {
  /** The market of frames that name none: the URL's, else the source's own; empty where it is the config's. */
  symbol: string;
  wireSymbol: string | undefined;
  /** Its frames are recorded ticks (see `recorded-ticks.ts`) and no exchange's. */
  ticks?: true;
}

export interface FeedEvents {
  /** True where the frame carried live trades, kept or not; it feeds the trade clock. */
  frame(source: FrameSource, bytes: Buffer): boolean;
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
