import { type Columns, type Points, point } from '../downsample.ts';
import { Unreadable, withSource } from '../file-source.ts';
import { batchesOf, lineFollower } from '../line-follower.ts';
import { type PageData, type PageDecision, pageData, pageDecision } from '../page-data.ts';
import { lastRunIn, parseRecord, type ShownDecision } from '../read-log.ts';
import { parseHeader, type SamplesHeader } from '../read-samples.ts';
import { ALL_COLUMNS, COLUMNS, rowsOf } from '../series.ts';
import { parseObservation, sightOf } from '../sight.ts';

/** What is new since the last poll; `begin` says that it is another run, or that its limits are others: draw it from scratch. */
export interface RunNews {
  begin: boolean;
  rows: Points;
  decisions: PageDecision[];
}

/** Actions after which more than a row of the table has changed. */
const CHANGES_ALL = ['STARTUP', 'CALIBRATED', 'ABORT', 'STOP', 'COMPLETE', 'SUMMARY'];
/** A run whose samples are older than this many of its intervals is not running. */
const INTERVALS_ALIVE = 4;

/** A file that this user may not read now is as one that is missing: the page goes on with what it has. */
function whileReadable(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
}

/** Offset of the last run's first record: what older runs wrote is not read. */
function startOfLastRun(path: string): number {
  let from = 0;
  whileReadable(() => {
    from = withSource(path, lastRunIn)?.from ?? 0;
  });
  return from;
}

/** Follows the last run in the decision log and its samples, from whatever is there already. */
export function runFollower(paths: { decisions: string; samples: string }) {
  const log = lineFollower(paths.decisions, { from: startOfLastRun(paths.decisions) });
  const sampled = lineFollower(paths.samples);
  let records: ShownDecision[] = [];
  let header: SamplesHeader | null = null;
  let columns: Columns = ALL_COLUMNS.map(() => []);
  let row = rowsOf(1);

  const takeDecisions = (news: RunNews) => {
    for (const { lines, restarted } of batchesOf(log)) {
      if (restarted) records = [];
      for (const record of lines.map(parseRecord)) {
        if (record === null) continue;
        if (record.run_id !== records[0]?.run_id) records = [];
        records.push(record);
        news.decisions.push(pageDecision(record));
        news.begin ||= records.length === 1 || CHANGES_ALL.includes(record.action);
      }
    }
  };
  const takeSamples = (news: RunNews) => {
    for (const { lines } of batchesOf(sampled))
      for (const line of lines) {
        const observation = parseObservation(line);
        if (observation !== null) {
          const values = row(sightOf(observation));
          for (let i = 0; i < values.length; i++) (columns[i] as number[]).push(values[i] as number);
          news.rows.push(values.slice(0, COLUMNS.length).map(point));
          continue;
        }
        const next = parseHeader(line);
        if (next === null) continue;
        header = next;
        columns = ALL_COLUMNS.map(() => []);
        row = rowsOf(next.options.parameters?.window_s ?? 10);
        news.begin = true;
      }
  };

  const alive = (now: number): boolean => {
    const startup = records.find((record) => record.action === 'STARTUP');
    const last = Math.max(columns[0]?.at(-1) ?? 0, Date.parse(records.at(-1)?.timestamp ?? '') / 1000 || 0);
    return now / 1000 - last < INTERVALS_ALIVE * Math.max(Number(startup?.['interval_s'] ?? 5), 1);
  };

  return {
    /** Whether something has been written lately. `now` is wall time, ms. */
    alive,
    poll(): RunNews {
      const news: RunNews = { begin: false, rows: [], decisions: [] };
      for (const take of [takeDecisions, takeSamples]) whileReadable(() => take(news));
      return news;
    },
    /** The run as it stands; null where there has been none. */
    snapshot(now: number): PageData | null {
      if (records.length === 0) return null;
      const own = header !== null && header.options.run_id === records[0]?.run_id;
      const samples = own && header !== null ? { header, columns, last: null, garbage: 0 } : null;
      const data = pageData(records, samples, []);
      if (data.verdict.word === 'UNFINISHED' && alive(now))
        data.verdict = { word: 'RUNNING', reason: records.at(-1)?.reason ?? '', exit_code: null, means: '' };
      return data;
    },
    close() {
      log.close();
      sampled.close();
    },
  };
}
