import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import { firstRunId, lastLinesOf, lastRun, type RunPlace, runsBeginning } from '@hybrid-soak/contract/run-lines.ts';
import { stampMs, USUAL_STAMP } from '@hybrid-soak/contract/stamp.ts';
import { readJsonLines, withFile } from '../adapters/json-lines.ts';
import type { PerResource } from '../core/per-resource.ts';
import { replayer } from '../core/replay.ts';
import { Stop } from '../stop.ts';
import { hasPressure, type LogRecord, observationsFrom, type StallSpan, stallOf } from './log-observations.ts';
import { changed, optionsOf } from './options.ts';
import { type Changes, hasFields, isRecord, noSuchRun, type Recording } from './recorded.ts';

/** A run of more decisions than these together is streamed; only its first and last ones are shown. */
const SHOWN_FIRST = 5000;
const SHOWN_LAST = 5000;

/** What one pass over a run's records finds out. */
interface Survey {
  /** The first records' lines: as text a collector has nothing to walk in them. */
  first_lines: string[];
  /** The lines after them; null if they are too many, and the last ones are to be read from the file's end. */
  later_lines: string[] | null;
  later: number;
  garbage: number;
  startup: LogRecord | null;
  calibrated: LogRecord | null;
  /** The first record that names its `psi_actions`, or the first one. */
  first: LogRecord | null;
  stalls: StallSpan[];
  /** The run ended by its time. */
  complete: boolean;
  /** Milliseconds since 1970 of the first and the last record with pressure. */
  span: [number, number] | null;
  ordered: boolean;
}

/** One run of a decision log: the one whose id begins with `run`, or the last one that has any pressure in it. */
export function logRecording(path: string, run: string): Recording {
  const place = placeOf(path, run);
  const survey = surveyOf(path, place);
  if (survey.span === null || survey.first === null) throw noPressure(path);
  const { startup, calibrated, first, span, garbage } = survey;
  const omitted = survey.later_lines === null ? survey.later - SHOWN_LAST : 0;
  const notes: string[] = [];
  if (garbage > 0) notes.push(`lines skipped that are not JSON: ${garbage}`);
  if (omitted > 0) notes.push(`${omitted} recorded decisions in the middle of the run are not shown`);
  if (run === '' && place.others) notes.push(`the last run in it: ${place.run_id}; --run picks another`);
  notes.push("a decision log: the engine's share is unknown, rows and restarts are assumed to have succeeded");
  const options = optionsOf(first, startup, { spanS: (span[1] - span[0]) / 1000, complete: survey.complete });
  const measured = calibrated?.['baseline'];
  const baseline = hasFields(measured) ? (measured as PerResource<number | null>) : null;
  const replay = (changes: Changes) => {
    const wanted = changed(options, changes);
    const known = baseline !== null && changes.parameters.calibrate_s === undefined;
    const parameters = known ? { ...wanted.parameters, calibrate_s: 0 } : wanted.parameters;
    const player = replayer({ ...wanted, parameters }, 'assumed', known ? baseline : null);
    // The earlier tool's records have no policy: it knew one.
    const classic = wanted.policy === 'classic' && (first.policy ?? 'classic') === 'classic';
    const reading = { stalls: survey.stalls, silenceMs: classic ? 2 * wanted.interval_s * 1000 : null };
    const observations = observationsFrom(reading, (observation) => player.take(observation));
    eachRecord(path, place, survey.ordered, observations.take);
    observations.end();
    return player.end();
  };
  return { kind: 'decisions', options, recorded: () => recordedIn(path, place, survey), replay, notes };
}

function recordedIn(path: string, { run_id }: Place, { first_lines, later_lines, ordered }: Survey): LogRecord[] {
  const counts = (line: string) => STAMP.test(line);
  const lastLines = () => withFile(path, (source) => lastLinesOf(source, run_id, { most: SHOWN_LAST, counts }));
  const records = [first_lines, later_lines ?? lastLines()].flatMap((lines) =>
    lines.flatMap((line) => {
      const parsed = parseJsonLine(line);
      return parsed.kind === 'value' && isRecord(parsed.value) ? [parsed.value] : [];
    }),
  );
  // Merged or copied by hand, a log may be out of order; records of one moment keep their order.
  return ordered ? records : records.sort((a, b) => stampMs(a.timestamp) - stampMs(b.timestamp));
}

const noPressure = (path: string) =>
  new Stop(SOAK_EXIT.CONFIG, `${path}: no record with PSI fields in it; valid: a log of a run that read PSI`);

/** `others`: whether the log holds other runs before this one. */
type Place = RunPlace & { others: boolean };

function placeOf(path: string, run: string): Place {
  return withFile(path, (source) => {
    if (run === '') {
      const last = lastRun(source, (record) => isRecord(record) && hasPressure(record));
      if (last === null) throw noPressure(path);
      return { ...last, others: last.from > 0 || firstRunId(source) !== last.run_id };
    }
    const found = runsBeginning(source, run);
    if (found.length === 1) return { ...(found[0] as RunPlace), others: true };
    const ids = (places: RunPlace[]) => places.map(({ run_id }) => run_id);
    throw noSuchRun(path, run, ids(found), found.length > 0 ? [] : ids(runsBeginning(source, '')));
  });
}

/** Actions whose records are parsed wherever they stand; other records between the first and the last ones are not. */
const TELLING = /"(?:STARTUP|CALIBRATED|STALL|COMPLETE)"/;
const ACTION = '"action"';
const PRESSURE = /"(?:cpu|memory|io)_some_(?:raw|avg10)"/;
const STAMP = /^\{"timestamp": ?"([^"]*)"/;

function isTelling(line: string): boolean {
  const at = line.indexOf(ACTION);
  return at === -1 || TELLING.test(line.slice(at + ACTION.length, at + ACTION.length + 20));
}

function surveyOf(path: string, place: Place): Survey {
  const survey: Survey = {
    first_lines: [],
    later_lines: [],
    later: 0,
    garbage: 0,
    startup: null,
    calibrated: null,
    first: null,
    stalls: [],
    complete: false,
    span: null,
    ordered: true,
  };
  /** The newest stamp with pressure that is not in the span yet: stamps of the usual form are ordered as their text is. */
  let newest: string | null = null;
  const mark = (at: number, pressure: boolean) => {
    survey.ordered &&= at >= (survey.span?.[1] ?? at);
    if (pressure) survey.span = [Math.min(survey.span?.[0] ?? at, at), Math.max(survey.span?.[1] ?? at, at)];
  };
  /** Whether the line has to be parsed. */
  const wanted = (line: string): boolean => {
    const stamp = STAMP.exec(line)?.[1];
    if (survey.first_lines.length < SHOWN_FIRST || stamp === undefined) return true;
    if (!line.includes(place.run_id)) return false;
    const pressure = PRESSURE.test(line);
    const usual = USUAL_STAMP.test(stamp);
    if (!usual || newest === null || stamp < newest) {
      if (newest !== null) mark(stampMs(newest), true);
      mark(stampMs(stamp), pressure);
      newest = null;
    }
    if (pressure && usual) newest = stamp;
    if (++survey.later > SHOWN_LAST) survey.later_lines = null;
    survey.later_lines?.push(line);
    return isTelling(line);
  };
  const take = (record: LogRecord, at: number, line: string) => {
    if (survey.first_lines.length < SHOWN_FIRST && survey.later === 0) {
      survey.first_lines.push(line);
      mark(at, hasPressure(record));
    }
    if (record.action === 'STARTUP') survey.startup ??= record;
    if (record.action === 'CALIBRATED') survey.calibrated ??= record;
    if (survey.first?.psi_actions === undefined && record.psi_actions !== undefined) survey.first = record;
    survey.first ??= record;
    survey.stalls.push(...stallOf(record));
    survey.complete ||= record.action === 'COMPLETE';
  };
  survey.garbage = eachRecord(path, place, true, take, wanted);
  if (newest !== null) mark(stampMs(newest), true);
  return survey;
}

/** The run's records in the order of their stamps; a log that is not in that order is loaded whole. Returns the garbage lines. */
function eachRecord(
  path: string,
  { run_id, from }: Place,
  ordered: boolean,
  take: (record: LogRecord, at: number, line: string) => void,
  wanted: (line: string) => boolean = () => true,
): number {
  const loaded: [LogRecord, number, string][] = [];
  const each = (value: unknown, line: string) => {
    if (!isRecord(value) || (value.run_id ?? '') !== run_id) return;
    const at = stampMs(value.timestamp);
    if (Number.isNaN(at)) return;
    if (ordered) take(value, at, line);
    else loaded.push([value, at, line]);
  };
  const { garbage } = readJsonLines(path, each, { from, wanted });
  for (const [record, at, line] of loaded.sort(([, a], [, b]) => a - b)) take(record, at, line);
  return garbage;
}
