import TOML from '@iarna/toml';
import { parseTOML } from 'toml-eslint-parser';
import type { z } from 'zod';
import { type Config, configSchema, type Sources, sourcesSchema } from './config.ts';

/** One thing that is wrong with a configuration file. `line` and `column` count from 1; 0 where no place is known. */
export interface Fault {
  file: string;
  line: number;
  column: number;
  /** Dotted, `engine.sample_every`; empty for a syntax error. */
  key: string;
  problem: string;
  /** What would be right. */
  valid: string;
}

export type Checked<T> = { ok: true; value: T } | { ok: false; faults: Fault[] };

/** `config.toml:3: engine.sample_every: is 0; valid: a whole number from 1` */
export function formatFault(fault: Fault): string {
  const place = fault.line > 0 ? `${fault.file}:${fault.line}` : fault.file;
  return [place, fault.key, fault.valid === '' ? fault.problem : `${fault.problem}; valid: ${fault.valid}`]
    .filter((part) => part !== '')
    .join(': ');
}

/** Checks the text of config.toml: syntax, types, ranges, unknown keys, and what the chosen modes need. */
export function checkConfig(text: string, file: string): Checked<Config> {
  const checked = check(configSchema, text, file);
  if (!checked.ok) return checked;
  const faults = crossFaults(checked.value).map((fault) => ({ ...fault, file, ...placeOf(text, fault.key) }));
  return faults.length > 0 ? { ok: false, faults } : checked;
}

/** Checks the text of ws_sources.toml; names are unique. */
export function checkSources(text: string, file: string): Checked<Sources> {
  const checked = check(sourcesSchema, text, file);
  if (!checked.ok) return checked;
  const seen = new Set<string>();
  for (const [index, source] of checked.value.source.entries()) {
    const key = `source.${index}.name`;
    if (seen.has(source.name)) {
      const problem = `"${source.name}" names two sources`;
      return { ok: false, faults: [{ file, key, problem, valid: 'a name of its own', ...placeOf(text, key) }] };
    }
    seen.add(source.name);
  }
  return checked;
}

function crossFaults(config: Config): Pick<Fault, 'key' | 'problem' | 'valid'>[] {
  const { ingest_mode: mode, ws_url, replay_file } = config.engine;
  const faults = [];
  if (config.mode === 'LIVE')
    faults.push({
      key: 'mode',
      problem: 'LIVE is refused: this engine never places a real order',
      valid: 'SHADOW or PAPER',
    });
  if (config.live_armed)
    faults.push({
      key: 'live_armed',
      problem: 'true is refused: this engine never places a real order',
      valid: 'false',
    });
  if (mode === 'mockws' && ws_url === undefined)
    faults.push({ key: 'engine.ws_url', problem: 'missing in mode mockws', valid: 'a ws:// or wss:// URL' });
  if (mode === 'replay' && replay_file === undefined)
    faults.push({ key: 'engine.replay_file', problem: 'missing in mode replay', valid: 'the path of a recording' });
  return faults;
}

function check<T extends z.ZodType>(schema: T, text: string, file: string): Checked<z.output<T>> {
  let value: unknown;
  try {
    value = TOML.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return { ok: false, faults: [syntaxFault(error, file)] };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, schema, value));
  return { ok: false, faults: faults.map((fault) => ({ ...fault, file, ...placeOf(text, fault.key) })) };
}

function syntaxFault(error: unknown, file: string): Fault {
  const { line, col, message } = error as { line?: number; col?: number; message: string };
  const problem = `TOML syntax: ${(message.split('\n')[0] ?? '').replace(/ at row \d+, col \d+, pos \d+:?$/, '')}`;
  return { file, line: (line ?? -1) + 1, column: (col ?? -1) + 1, key: '', problem, valid: '' };
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue, schema: z.ZodType, root: unknown): Pick<Fault, 'key' | 'problem' | 'valid'>[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((name) => ({
      key: [...path, name].join('.'),
      problem: 'unknown key',
      valid: nearest(name, known) ?? known.join(', '),
    }));
  }
  const found = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], root);
  const shown = found === undefined ? 'is missing' : `is ${JSON.stringify(found)?.slice(0, 80)}`;
  return [{ key: path.join('.'), problem: shown, valid: expectation(issue) }];
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`;
    case 'too_small':
      if (issue.origin === 'string') return 'a text that is not empty';
      if (issue.origin === 'array') return 'at least one entry';
      return `a number ${issue.inclusive ? 'from' : 'above'} ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string' ? `at most ${issue.maximum} characters` : `at most ${issue.maximum}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    default:
      return issue.message;
  }
}

/** The keys a schema knows at a path; array indices are passed over. */
function keysAt(schema: z.ZodType, path: string[]): string[] {
  const def = schema.def as unknown as {
    type: string;
    shape?: Record<string, z.ZodType>;
    innerType?: z.ZodType;
    element?: z.ZodType;
    in?: z.ZodType;
  };
  if (def.innerType) return keysAt(def.innerType, path);
  if (def.type === 'array' && def.element) return keysAt(def.element, path.slice(1));
  if (def.shape === undefined) return [];
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(def.shape);
  const next = def.shape[head];
  return next === undefined ? [] : keysAt(next, rest);
}

function nearest(name: string, known: string[]): string | undefined {
  const scored = known.map((key) => ({ key, distance: editDistance(name.toLowerCase(), key) }));
  scored.sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best !== undefined && best.distance <= Math.max(2, name.length / 2) ? `did you mean ${best.key}?` : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Where a dotted key stands in the text; its nearest table where the key itself is missing. */
export function placeOf(text: string, key: string): { line: number; column: number } {
  let best = { line: 0, column: 0 };
  let depth = 0;
  const wanted = key.split('.');
  const look = (path: (string | number)[], start: { line: number; column: number }) => {
    const matches = path.length <= wanted.length && path.every((part, i) => String(part) === wanted[i]);
    if (!matches || path.length <= depth) return;
    depth = path.length;
    best = { line: start.line, column: start.column + 1 };
  };
  try {
    for (const node of parseTOML(text.replace(/^\uFEFF/, '')).body[0].body) {
      if (node.type === 'TOMLTable') {
        look(node.resolvedKey, node.loc.start);
        for (const pair of node.body) look([...node.resolvedKey, ...keyParts(pair.key)], pair.loc.start);
      } else look(keyParts(node.key), node.loc.start);
    }
  } catch {
    return { line: 0, column: 0 };
  }
  return best;
}

function keyParts(key: { keys: { type: string; name?: string; value?: string }[] }): string[] {
  return key.keys.map((part) => part.name ?? part.value ?? '');
}
