import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import type { UnitReading } from '@hybrid-soak/contract/sample.ts';
import { parseShow, SHOWN } from './show.ts';
import { type Scope, systemctl } from './systemctl.ts';

/** Set by the launcher if it has asked. */
export const AHEAD = 'SOAK_UNIT_ON_STDIN';

/** What systemd knows of a unit before anything is done to it. */
export interface UnitFacts {
  scope: Scope;
  /** systemd's own name for it: an alias resolves to this. */
  id: string;
  /** `loaded`, `not-found`, `masked`, `bad-setting`... */
  load: string;
  fragment: string;
  transient: boolean;
  working_directory: string;
  /** The config that its command line names, absolute; null if it names none. */
  config: string | null;
  active_state: string;
  sub_state: string;
  /** A job on it is queued or running. */
  job: boolean;
  /** As it was then: who only looks asks no second time. */
  reading: UnitReading;
}

/** The properties that facts are made of. */
export const ASKED = `Id,FragmentPath,Transient,WorkingDirectory,ExecStart,Job,${SHOWN}`;

export type Asked = { ok: true; facts: UnitFacts } | { ok: false; error: string; timedOut: boolean; missing: boolean };

/** Asks systemd; changes nothing. */
export async function unitFacts(scope: Scope, unit: string): Promise<Asked> {
  const ahead = askedAhead(scope, unit);
  if (ahead !== '') return { ok: true, facts: parseFacts(scope, unit, ahead) };
  const called = await systemctl(scope, ['show', unit, '-p', ASKED], 5000);
  return called.ok ? { ok: true, facts: parseFacts(scope, unit, called.stdout) } : { ...called, ok: false };
}

/** What the launcher of a release has asked systemd while Node started: on stdin, once; empty if it has not, or got no answer. */
function askedAhead(scope: Scope, unit: string): string {
  if (scope !== 'system' || unit !== ENGINE_UNIT || process.env[AHEAD] === undefined) return '';
  delete process.env[AHEAD];
  return readFileSync(0, 'utf8');
}

/** The output of `systemctl show -p …`. */
export function parseFacts(scope: Scope, unit: string, text: string): UnitFacts {
  const get = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const working_directory = get('WorkingDirectory').replace(/^[!-]+/, '');
  const own = configWord(get('ExecStart'));
  return {
    scope,
    id: get('Id') || unit,
    load: get('LoadState') || 'unknown',
    fragment: get('FragmentPath'),
    transient: get('Transient') === 'yes',
    working_directory,
    config: own === null ? null : resolve(working_directory || '/', own),
    active_state: get('ActiveState'),
    sub_state: get('SubState'),
    job: !['', '0'].includes(get('Job')),
    reading: parseShow(text, unit),
  };
}

/** The value of `--config` in `ExecStart=`, which shows the words of argv joined by blanks. */
export const configWord = (exec: string): string | null =>
  / --config[ =](.+?)(?= --?[a-z]| ; )/.exec(exec)?.[1] ?? null;
