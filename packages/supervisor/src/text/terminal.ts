import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { printable, printableLines } from '@hybrid-soak/contract/printable.ts';
import { headingOf } from '@hybrid-soak/report/heading.ts';
import type { Zone } from '@hybrid-soak/report/stamp.ts';
import { block } from '@hybrid-soak/report/terminal/block.ts';
import { type TextStyle, widthOf, wrapped } from '@hybrid-soak/report/terminal/line.ts';
import type { createLogUpdate } from 'log-update';
import { decisionText, lineReporter, type Reporter } from './reporter.ts';
import type { Watch } from './watch.ts';

/** Elapsed and remaining time run on between two observations. */
const REPAINT_MS = 1000;
const PIPED_COLUMNS = 100;

/** Lines on a pipe, one block that is repainted on a terminal. `now`: monotonic milliseconds. */
export async function terminalReporter(
  watch: Watch,
  quiet: boolean,
  now: () => number,
  zone: Zone = { utc: false },
  out: WriteStream = process.stderr,
): Promise<Reporter> {
  const painted = !quiet && out.isTTY && process.env['TERM'] !== 'dumb';
  const shown = painted
    ? blockReporter(watch, now, zone, out, (await import('log-update')).createLogUpdate(out))
    : lineReporter(quiet, zone, out);
  let heading = '';
  const reporter: Reporter = {
    ...shown,
    decision(record) {
      watch.decision(record);
      const next = headingOf(record, zone);
      if (next !== heading) shown.note(next);
      heading = next;
      // The summary itself follows on stdout.
      if (record.action !== 'SUMMARY') shown.decision(record);
    },
    observation(observation, verdict) {
      watch.observation(observation, verdict);
      shown.observation(observation, verdict);
    },
  };
  process.on('SIGUSR2', () => reporter.answer(watch.state(now(), out.columns || PIPED_COLUMNS)));
  return reporter;
}

/** The block at the bottom; notes and decisions scroll away above it. */
function blockReporter(
  watch: Watch,
  now: () => number,
  zone: Zone,
  out: WriteStream,
  update: ReturnType<typeof createLogUpdate>,
): Reporter {
  assumeSize(out);
  const paint = (format: TextStyle, text: string) => styleText(format, text, { stream: out });
  let lines: string[] = [];
  let ended = false;

  const repaint = () => {
    const view = ended ? null : watch.view(now());
    if (view === null) return;
    // The last column stays free: a terminal may break a line that fills it.
    // On a low terminal the decisions are what goes: they stand above anyway.
    const fitting = (all: string[]) => ['', ...all].slice(0, out.rows - 1);
    lines = fitting(block(view, out.columns - 1));
    update(fitting(block(view, out.columns - 1, paint)).join('\n'));
  };
  const above = (text: string) => {
    if (ended) out.write(`${text}\n`);
    else update.persist(text);
    lines = [];
    repaint();
  };
  const resized = () => {
    assumeSize(out);
    // A narrower terminal has broken the lines that were painted: they take more rows than were written.
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / out.columns)), 0);
    if (rows > 0) out.write(`\r\x1b[${rows}A\x1b[J`);
    update.done();
    repaint();
  };
  out.on('resize', resized);
  const timer = setInterval(repaint, REPAINT_MS);
  timer.unref();
  return {
    note: (text) => above(printableLines(text)),
    // Painted and escaped already.
    answer: above,
    // Its own text below its own column, as far as there is room for it.
    decision: (record) =>
      above(wrapped(printable(decisionText(record, zone)), out.columns - 1, out.columns < 80 ? 10 : 48).join('\n')),
    observation: repaint,
    end() {
      clearInterval(timer);
      out.off('resize', resized);
      update.clear();
      update.done();
      ended = true;
    },
  };
}

/** A terminal that does not tell its size, as a serial line or a bare pty, says 0: it is taken for the usual one. */
function assumeSize(out: WriteStream): void {
  out.columns ||= 80;
  out.rows ||= 24;
}
