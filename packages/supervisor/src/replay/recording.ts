import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { type Observation, observationSchema } from '@hybrid-soak/contract/sample.ts';
import { readJsonLines } from '../adapters/json-lines.ts';
import type { SoakOptions } from '../core/options.ts';
import { actsOf, type RecordedAct, type Replayed, replayer, withoutActs } from '../core/replay.ts';
import type { PerResource } from '../core/state.ts';
import { Stop } from '../stop.ts';
import { hasPressure, type LogRecord, observationsOf, stampMs } from './log-observations.ts';
import { type Changes, changed, optionsOf, uncalibrated, withDefaults } from './options.ts';

/** A run that can be judged again. */
export interface Recording {
  kind: 'samples' | 'decisions';
  options: SoakOptions;
  /** What was decided then; empty where no decision log lies beside the samples. */
  recorded: LogRecord[];
  replay(changes: Changes): Replayed;
  /** What a reader of the result should know. Complete after `replay`. */
  notes: string[];
}

/**
 * A samples file or a decision log, told apart by what is in it; exit code 12 where it is neither. `run`: the beginning of
 * a run's id, where a log holds several; the last of them without.
 */
export function openRecording(path: string, run = ''): Recording {
  let kind: Recording['kind'] | null = null;
  readable(path, () =>
    readJsonLines(path, (value) => {
      kind = isHeader(value) || isObservation(value) ? 'samples' : isRecord(value) ? 'decisions' : null;
      return kind === null;
    }),
  );
  if (kind === null)
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: no observation in it; valid: a samples file or a decision log`);
  if (kind === 'decisions') return decisionLog(path, run);
  const recording = samples(path);
  pickRun(path, [recording.options.run_id], run);
  return recording;
}

/** The last run whose id begins so; exit code 12 where there is none, or where an id that was asked for is several. */
function pickRun(path: string, runs: readonly string[], wanted: string): string | undefined {
  const found = runs.filter((run) => run.startsWith(wanted));
  if (wanted === '' || found.length === 1) return found.at(-1);
  const what = found.length === 0 ? `no run ${wanted} in it` : `${found.length} runs begin with ${wanted}`;
  throw new Stop(
    SOAK_EXIT.CONFIG,
    `${path}: ${what}; valid: ${(found.length === 0 ? runs : found).slice(-9).join(', ')}`,
  );
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { message } = error as Error;
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? message})`;
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: ${why}; valid: a samples file or a decision log`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isHeader = (value: unknown): value is { options: SoakOptions } =>
  isObject(value) && value['kind'] === 'header' && isObject(value['options']);
const isObservation = (value: unknown): value is Observation =>
  isObject(value) && value['v'] === 1 && typeof value['mono_ms'] === 'number' && isObject(value['psi']);
const isRecord = (value: unknown): value is LogRecord =>
  isObject(value) && typeof value['timestamp'] === 'string' && typeof value['action'] === 'string';

function samples(path: string): Recording {
  let options: SoakOptions | null = null;
  let run_id = '';
  readJsonLines(path, (value) => {
    if (isHeader(value)) options = withDefaults(value.options);
    if (isObservation(value)) run_id = value.run_id;
    return !isHeader(value) && !isObservation(value);
  });
  const notes: string[] = [];
  if (options === null) notes.push('no header: the default parameters');
  const found: SoakOptions = options ?? withDefaults({ run_id });
  const replay = (changes: Changes) => {
    const wanted = changed(found, changes);
    const own = options !== null && JSON.stringify(wanted) === JSON.stringify(found);
    const player = replayer(own ? found : uncalibrated(wanted, found, changes), own ? 'recorded' : 'assumed');
    const see = own ? (observation: Observation) => observation : withoutActs(readActs(path));
    if (!own) notes.push('other than it ran: each restart is taken to succeed by the next observation');
    let strange = 0;
    const { garbage } = readJsonLines(path, (value) => {
      if (isObservation(value)) strange += takeOrSkip(value, (observation) => player.take(see(observation)));
    });
    if (garbage + strange > 0) notes.push(`${garbage + strange} lines that are no observation were passed over`);
    return player.end();
  };
  return { kind: 'samples', options: found, recorded: recordedBeside(path, found.run_id), replay, notes };
}

/** A line with the right outside and the wrong inside is passed over; `step` is pure, so that it leaves no trace. */
function takeOrSkip(observation: Observation, take: (observation: Observation) => void): 0 | 1 {
  try {
    take(observation);
    return 0;
  } catch (error) {
    if (observationSchema.safeParse(observation).success) throw error;
    return 1;
  }
}

function readActs(path: string): RecordedAct[] {
  const acts: RecordedAct[] = [];
  readJsonLines(
    path,
    (value) => isObservation(value) && Array.isArray(value.outcomes) && acts.push(...actsOf(value)) && true,
    (text) => text.includes('"outcomes":[{'),
  );
  return acts;
}

function recordedBeside(path: string, run_id: string): LogRecord[] {
  const beside = join(dirname(path), 'soak_decisions.jsonl');
  const records: LogRecord[] = [];
  if (!existsSync(beside)) return records;
  const take = (value: unknown) => {
    if (isRecord(value) && value.run_id === run_id) records.push(value);
  };
  readJsonLines(beside, take, (text) => text.includes(run_id));
  return records;
}

/** One run of the log, the last that has any pressure in it where none is asked for. */
function decisionLog(path: string, run: string): Recording {
  const records: LogRecord[] = [];
  const notes: string[] = [];
  const { garbage } = readJsonLines(path, (value) => {
    if (isRecord(value) && !Number.isNaN(stampMs(value.timestamp))) records.push(value);
  });
  // Merged or copied by hand, a log may be out of order; records of one moment keep theirs.
  records.sort((a, b) => stampMs(a.timestamp) - stampMs(b.timestamp));
  if (garbage > 0) notes.push(`${garbage} lines that are no JSON were passed over`);
  const runs = [...new Set(records.filter(hasPressure).map((record) => record.run_id ?? ''))];
  const run_id = pickRun(path, runs, run);
  const recorded = records.filter((record) => (record.run_id ?? '') === run_id);
  if (runs.length > 1 && run === '')
    notes.push(`the last of ${runs.length} runs in it: ${run_id}; another by the beginning of its id`);
  const observations = observationsOf(recorded);
  if (observations.length === 0)
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: no record with PSI fields in it; valid: a log of a run that read PSI`);
  notes.push('a decision log: attribution is unavailable, rows and restarts are taken to have succeeded');
  const options = optionsOf(recorded, observations);
  const calibrated = recorded.find(({ action }) => action === 'CALIBRATED')?.['baseline'];
  const baseline = isObject(calibrated) ? (calibrated as PerResource<number | null>) : null;
  const replay = (changes: Changes) => {
    const wanted = changed(options, changes);
    const known = baseline !== null && changes.parameters.calibrate_s === undefined;
    const parameters = known ? { ...wanted.parameters, calibrate_s: 0 } : wanted.parameters;
    const player = replayer({ ...wanted, parameters }, 'assumed', known ? baseline : null);
    for (const observation of observations) player.take(observation);
    return player.end();
  };
  return { kind: 'decisions', options, recorded, replay, notes };
}
