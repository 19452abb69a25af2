import type { ConnectionState } from '@hybrid-soak/contract/heartbeat.ts';
import type { SourceHealth } from '../core/connection/health.ts';
import type { CoverageKind } from '../core/coverage.ts';
import type { FrameFate } from '../core/frame-fate.ts';
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
  /** Takes a frame; says what became of it, for the clocks of its connection. */
  frame(source: FrameOrigin, bytes: Buffer): FrameFate;
  log(level: 'info' | 'warn', message: string, detail?: Record<string, unknown>): void;
  /** A deadline of the process has passed and no source is left to try; repeated until the feed is stopped. */
  hopeless(is: 'network' | 'parse', forMs: number): void;
  /** What should be remembered of a source beyond this process. */
  learnt?(health: SourceHealth): void;
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
