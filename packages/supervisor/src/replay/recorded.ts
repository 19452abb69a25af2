import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { PolicyName } from '@hybrid-soak/contract/modes.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { SoakOptions } from '../core/options.ts';
import type { Replayed } from '../core/replay.ts';
import { Stop } from '../stop.ts';
import type { LogRecord } from './log-observations.ts';

/** Overrides of the recorded options. */
export interface Changes {
  policy?: PolicyName;
  parameters: Partial<SoakOptions['parameters']>;
}

/** A run that can be judged again. */
export interface Recording {
  kind: 'samples' | 'decisions';
  options: SoakOptions;
  /** What was decided then; empty if no decision log is beside the samples. */
  recorded(): LogRecord[];
  replay(changes: Changes): Replayed;
  /** What a reader of the result should know. Complete after `replay`. */
  notes: string[];
}

/** The error for a run that is not there, or for a beginning that several ids share. */
export function noSuchRun(path: string, wanted: string, found: readonly string[], all: readonly string[]): Stop {
  const what = found.length === 0 ? `no run ${wanted} in it` : `${found.length} runs begin with ${wanted}`;
  const valid = (found.length === 0 ? all : found).slice(-9).join(', ');
  return new Stop(SOAK_EXIT.CONFIG, `${path}: ${what}; valid: ${valid}`);
}

export const hasFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
export const isHeader = (value: unknown): value is { options: SoakOptions } =>
  hasFields(value) && value['kind'] === 'header' && hasFields(value['options']);
export const isObservation = (value: unknown): value is Observation =>
  hasFields(value) && value['v'] === 1 && typeof value['mono_ms'] === 'number' && hasFields(value['psi']);
export const isRecord = (value: unknown): value is LogRecord =>
  hasFields(value) && typeof value['timestamp'] === 'string' && typeof value['action'] === 'string';
