import { fstatSync } from 'node:fs';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { type Logger, pino } from 'pino';

/** Text that waits for a reader of stdout; lines beyond it are dropped and counted. */
const LONGEST_BUFFER_BYTES = 1_048_576;

export interface Log extends Logger {
  /** Lines that were dropped because stdout was not read. */
  droppedLines(): number;
  /** Writes what waits; resolves when it is written, which is never if nobody reads. */
  written(): Promise<void>;
}

/**
 * One JSON object a line on stdout, written by another thread: the main thread never waits for a pipe that is not read. If
 * systemd connected stdout with the journal, each line begins with its priority: `<6>` (sd-daemon(3)).
 */
export function openLog(level: string, env: NodeJS.ProcessEnv): Log {
  const out = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: LONGEST_BUFFER_BYTES });
  let dropped = 0;
  out.on('drop', () => {
    dropped++;
  });
  const isJournal = isStdout(env['JOURNAL_STREAM']);
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write(text: string) {
      // The same JSON, with escapes for what steers a terminal: an exchange's own words are in it.
      const line = `${printable(text.slice(0, -1))}\n`;
      out.write(isJournal ? `<${priorityOf(this.lastLevel)}>${line}` : line);
    },
  };
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return Object.assign(log, {
    droppedLines: () => dropped,
    written: () => new Promise<void>((resolve) => out.flush(() => resolve())),
  });
}

/** JOURNAL_STREAM is `device:inode` of the stream that systemd made: systemd.exec(5). */
export function isStdout(stream: string | undefined): boolean {
  const { dev, ino } = fstatSync(1);
  return stream === `${dev}:${ino}`;
}

/** Syslog's priority of a pino level: fatal is `critical`, trace and debug are `debug`. */
export function priorityOf(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}
