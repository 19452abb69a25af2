import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { readJsonLines } from '../adapters/json-lines.ts';
import { Stop } from '../stop.ts';
import { logRecording } from './log.ts';
import { isHeader, isObservation, isRecord, type Recording } from './recorded.ts';
import { samplesRecording } from './samples.ts';

/**
 * A samples file or a decision log, recognised by its content; exit code 12 if it is neither. `run`: the beginning of a
 * run's id; without it the last run of a log.
 */
export function openRecording(path: string, run = ''): Recording {
  const kind = readable(path, () => kindOf(path));
  if (kind === null)
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: no observation in it; valid: a samples file or a decision log`);
  return kind === 'decisions' ? logRecording(path, run) : samplesRecording(path, run);
}

function kindOf(path: string): Recording['kind'] | null {
  let kind: Recording['kind'] | null = null;
  readJsonLines(path, (value) => {
    kind = isHeader(value) || isObservation(value) ? 'samples' : isRecord(value) ? 'decisions' : null;
    return kind === null;
  });
  return kind;
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
