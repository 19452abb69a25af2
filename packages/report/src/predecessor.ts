import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { lineBlocksBackward } from '@hybrid-soak/contract/json-lines.ts';
import { withSource } from './file-source.ts';
import { parseRecord, type ShownDecision } from './read-log.ts';

/** The run before one in its log, and what has changed since. */
export interface Predecessor {
  run: string;
  /** Of its last record, UTC. */
  ended: string;
  verdict: string;
  changes: { what: string; before: string; now: string }[];
  /** A report of it beside this one. */
  file: string | null;
}

/** The last record of the run before `run`, its SUMMARY if it has one; null if `run` is the first. Throws Unreadable. */
export function lastOfRunBefore(path: string, run: string): ShownDecision | null {
  return withSource(path, (source) => {
    let isPast = false;
    for (const { lines } of lineBlocksBackward(source))
      for (const line of lines.toReversed()) {
        const isOwn = line.includes(run);
        isPast ||= isOwn;
        const record = isPast && !isOwn ? parseRecord(line) : null;
        if (record !== null) return record;
      }
    return null;
  });
}

/** What the two SUMMARY records differ in. */
export function predecessor(before: ShownDecision, now: ShownDecision | null, file: string | null): Predecessor {
  const facts: [what: string, of: (record: ShownDecision | null) => unknown][] = [
    ['verdict', verdictOf],
    ['duration, s', (record) => record?.duration_s],
    ['restarts', (record) => record?.restarts],
    ['stalls', (record) => record?.stalls],
    ['ticks a second', (record) => record?.ticks_per_second],
    ['coverage, %', (record) => record?.completeness?.coverage_percent],
    ...(now?.drift ?? []).map(({ signal }): (typeof facts)[number] => [
      `slope of ${signal.replaceAll('_', ' ')}`,
      (record) => record?.drift?.find((one) => one.signal === signal)?.text,
    ]),
  ];
  const rows = facts.map(([what, of]) => ({ what, before: shown(of(before)), now: shown(of(now)) }));
  return {
    run: before.run_id,
    ended: before.timestamp,
    verdict: verdictOf(before),
    changes: rows.filter((row) => row.before !== row.now),
    file,
  };
}

const verdictOf = (record: ShownDecision | null): string => record?.verdict ?? 'unfinished';
const shown = (value: unknown): string => (value === undefined || value === null ? 'unknown' : String(value));

const MOST_FILES = 200;
const HEAD_BYTES = 8192;

/** The name of a report of that run in the folder of `out`: its title has the beginning of the run's id. */
export function reportBeside(out: string, run: string): string | null {
  try {
    const names = readdirSync(dirname(out)).filter((name) => name.endsWith('.html') && name !== basename(out));
    const wanted = ` soak ${run.slice(0, 8)} `;
    return names.slice(0, MOST_FILES).find((name) => titleOf(join(dirname(out), name)).includes(wanted)) ?? null;
  } catch {
    return null; // A folder that cannot be listed has no link.
  }
}

function titleOf(path: string): string {
  const head = Buffer.alloc(HEAD_BYTES);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    return /<title>([^<]*)/.exec(head.toString('utf8', 0, readSync(fd, head)))?.[1] ?? '';
  } finally {
    closeSync(fd);
  }
}
