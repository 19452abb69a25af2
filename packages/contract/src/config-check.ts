import TOML from '@iarna/toml';
import type { z } from 'zod';
import { type Config, configSchema, type Sources, sourcesSchema } from './config.ts';
import { floatsOf, placeOf } from './config-place.ts';
import type { Checked, Fault } from './fault.ts';
import { maskUrls } from './mask-url.ts';
import { REMOVED_POLICY_KEYS } from './policy.ts';

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
    return { ok: false, faults: [syntaxFault(error, text, file)] };
  }
  const parsed = schema.safeParse(value);
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults = [...issues.flatMap((issue) => faultsOf(issue, schema, value)), ...floatFaults(schema, text)];
  if (parsed.success && faults.length === 0) return { ok: true, value: parsed.data };
  return { ok: false, faults: faults.map((fault) => ({ ...fault, file, ...placeOf(text, fault.key) })) };
}

function syntaxFault(error: unknown, text: string, file: string): Fault {
  const { line: row = -1, col = -1, message } = error as { line?: number; col?: number; message: string };
  const what = (message.split('\n')[0] ?? '').replace(/ at row \d+, col \d+, pos \d+:?$/, '');
  const [line, column] = [row + 1, col + 1];
  const written = maskUrls(text.split('\n')[row]?.trim() ?? '').slice(0, 80);
  const problem = `TOML syntax: ${maskUrls(what)}${line > 0 ? `, column ${column} of \`${written}\`` : ''}`;
  return { file, line, column, key: '', problem, valid: 'lines of `key = value` and `[table]`, each key once' };
}

/** TOML tells `1.0` from `1`, its parser's numbers do not. */
function floatFaults(schema: z.ZodType, text: string): Pick<Fault, 'key' | 'problem' | 'valid'>[] {
  return floatsOf(text).flatMap(({ path, written }) => {
    const { isInt } = (schemaAt(schema, path) ?? {}) as { isInt?: boolean };
    if (isInt !== true || !Number.isInteger(Number(written))) return [];
    return [{ key: path.join('.'), problem: `is ${written}`, valid: 'a whole number, without a point or exponent' }];
  });
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue, schema: z.ZodType, root: unknown): Pick<Fault, 'key' | 'problem' | 'valid'>[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((name) => {
      const key = [...path, name].join('.');
      const instead = path.join('.') === 'soak.policy' ? REMOVED_POLICY_KEYS[name] : undefined;
      if (instead !== undefined)
        return { key, problem: "is gone: the limits apply to the engine's part of the pressure", valid: instead };
      return { key, problem: 'unknown key', valid: nearest(name, known) ?? known.join(', ') };
    });
  }
  const found = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], root);
  // Past 64 bits the parser's value is another than the one that was written.
  const problem = `is ${typeof found === 'bigint' ? 'too large' : maskUrls(shown(found)).slice(0, 80)}`;
  const valid = typeof found === 'bigint' ? `at most ${Number.MAX_SAFE_INTEGER}` : expectation(issue);
  return [{ key: path.join('.'), problem, valid }];
}

/** A value as a config has it. JSON knows neither an integer past 2^53 nor `inf`. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner));
}

const TYPES: Record<string, string> = {
  int: 'a whole number',
  object: 'a table',
  record: 'a table',
  array: 'a list of tables, each under [[name]]',
  boolean: 'true or false',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? `a ${issue.expected}`;
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
  const { shape } = (schemaAt(schema, path)?.def ?? {}) as { shape?: Record<string, z.ZodType> };
  return Object.keys(shape ?? {});
}

/** The schema of the value at a path, without its default. */
function schemaAt(schema: z.ZodType, path: string[]): z.ZodType | undefined {
  const def = schema.def as unknown as {
    type: string;
    shape?: Record<string, z.ZodType>;
    innerType?: z.ZodType;
    element?: z.ZodType;
    valueType?: z.ZodType;
  };
  if (def.innerType) return schemaAt(def.innerType, path);
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  const next =
    def.element ?? def.valueType ?? (def.shape && Object.hasOwn(def.shape, head) ? def.shape[head] : undefined);
  return next === undefined ? undefined : schemaAt(next, rest);
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
