import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastRun, type RunPlace, runsBeginning } from '@hybrid-soak/contract/run-lines.ts';
import { type Observation, observationSchema } from '@hybrid-soak/contract/sample.ts';
import { readJsonLines, withFile } from '../adapters/json-lines.ts';
import type { SoakOptions } from '../core/options.ts';
import { actsOf, type RecordedAct, replayer, withoutActs } from '../core/replay.ts';
import type { LogRecord } from './log-observations.ts';
import { changed, withDefaults } from './options.ts';
import { type Changes, isHeader, isObservation, isRecord, noSuchRun, type Recording } from './recorded.ts';

/** The run of a samples file. Read again by each `replay`, line by line. */
export function samplesRecording(path: string, run: string): Recording {
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
  if (!found.run_id.startsWith(run)) throw noSuchRun(path, run, [], [found.run_id]);
  const replay = (changes: Changes) => {
    const wanted = changed(found, changes);
    const own = options !== null && JSON.stringify(wanted) === JSON.stringify(found);
    const player = replayer(wanted, own ? 'recorded' : 'assumed');
    const see = own ? (observation: Observation) => observation : withoutActs(readActs(path));
    if (!own) notes.push('other options than recorded: each restart is assumed to succeed by the next observation');
    let strange = 0;
    const { garbage } = readJsonLines(path, (value) => {
      if (isObservation(value)) strange += takeOrSkip(value, (observation) => player.take(see(observation)));
    });
    if (garbage + strange > 0) notes.push(`lines skipped that are not observations: ${garbage + strange}`);
    return player.end();
  };
  return { kind: 'samples', options: found, recorded: () => recordedBeside(path, found.run_id), replay, notes };
}

/** A line with the right outside and the wrong inside is skipped; `step` is pure, so it leaves no trace. */
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
    { wanted: (text) => text.includes('"outcomes":[{') },
  );
  return acts;
}

function recordedBeside(path: string, run_id: string): LogRecord[] {
  const beside = join(dirname(path), 'soak_decisions.jsonl');
  const records: LogRecord[] = [];
  const place = existsSync(beside) ? placeOf(beside, run_id) : undefined;
  if (place === undefined) return records;
  const take = (value: unknown) => {
    if (isRecord(value) && value.run_id === run_id) records.push(value);
  };
  readJsonLines(beside, take, { wanted: (text) => text.includes(run_id), from: place.from });
  return records;
}

/** Mostly the log's last run, which is found from the end. */
function placeOf(log: string, run_id: string): RunPlace | undefined {
  return withFile(log, (source) => {
    const last = lastRun(source, isRecord);
    return last?.run_id === run_id ? last : runsBeginning(source, run_id).find((place) => place.run_id === run_id);
  });
}
