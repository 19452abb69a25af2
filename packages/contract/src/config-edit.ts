import TOML from '@iarna/toml';
import { type AST, parseTOML } from 'toml-eslint-parser';

/** The text cannot be edited safely; nothing was changed. `message` says why and what would be right. */
export class ConfigEditError extends Error {
  override name = 'ConfigEditError';
}

/** `[engine] sample_every` of a config's text; null where the key is absent. Throws ConfigEditError on a syntax error. */
export function readSampleEvery(text: string): number | null {
  const engine = read(text)['engine'];
  if (!isTable(engine)) return null;
  const value = engine['sample_every'];
  return typeof value === 'number' ? value : null;
}

/**
 * The same text with `[engine] sample_every = value`: one token replaced, or one key added where it is missing, and no
 * other byte changed. `null` takes the key out again. The result is proven by parsing both texts and comparing them.
 */
export function setSampleEvery(text: string, value: number | null): string {
  if (value !== null && (!Number.isSafeInteger(value) || value < 1))
    throw new ConfigEditError(`sample_every ${value} is not a whole number from 1`);
  const before = read(text);
  const splice = value === null ? removal(text) : replacement(text, String(value));
  if (splice === null) return text;
  const edited = text.slice(0, splice.from) + splice.insert + text.slice(splice.to);
  prove(before, edited, value);
  return edited;
}

type Table = Record<string, unknown>;
interface Splice {
  from: number;
  to: number;
  insert: string;
}
interface Pair {
  path: string[];
  node: AST.TOMLKeyValue;
  parent: AST.TOMLTable | AST.TOMLTopLevelTable | AST.TOMLInlineTable;
}

const WANTED = ['engine', 'sample_every'];

function read(text: string): Table {
  try {
    return TOML.parse(withoutBom(text)) as Table;
  } catch (error) {
    throw new ConfigEditError(`not valid TOML: ${(error as Error).message.split('\n')[0]?.replace(/:$/, '')}`);
  }
}

/** A byte order mark is blanked rather than cut, so that ranges stay those of the text. */
function withoutBom(text: string): string {
  return text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text;
}

function syntaxTree(text: string): AST.TOMLTopLevelTable {
  try {
    return parseTOML(withoutBom(text), { tomlVersion: '1.1' }).body[0];
  } catch (error) {
    throw new ConfigEditError(`not valid TOML: ${(error as Error).message}`);
  }
}

function* pairsOf(parent: Pair['parent'], prefix: string[]): Generator<Pair> {
  for (const node of parent.body) {
    if (node.type === 'TOMLTable') {
      if (node.kind === 'standard') yield* pairsOf(node, node.resolvedKey.map(String));
      continue;
    }
    const path = [...prefix, ...node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))];
    yield { path, node, parent };
    if (node.value.type === 'TOMLInlineTable') yield* pairsOf(node.value, path);
  }
}

const samePath = (path: string[], wanted: string[]) =>
  path.length === wanted.length && path.every((part, i) => part === wanted[i]);

function replacement(text: string, value: string): Splice {
  const tree = syntaxTree(text);
  const pairs = [...pairsOf(tree, [])];
  const found = pairs.find((pair) => samePath(pair.path, WANTED));
  if (found !== undefined) {
    const [from, to] = found.node.value.range;
    return { from, to, insert: value };
  }
  return insertion(text, tree, pairs, value);
}

/** Where a missing key goes depends on how the `engine` table is spelt, if at all. */
function insertion(text: string, tree: AST.TOMLTopLevelTable, pairs: Pair[], value: string): Splice {
  const header = tree.body.find(
    (node): node is AST.TOMLTable => node.type === 'TOMLTable' && samePath(node.resolvedKey.map(String), ['engine']),
  );
  if (header !== undefined) return lineAfter(text, headerEnd(text, header), `sample_every = ${value}`);

  const whole = pairs.find((pair) => samePath(pair.path, ['engine']));
  if (whole !== undefined) {
    if (whole.node.value.type === 'TOMLInlineTable') return intoInlineTable(text, whole.node.value, value);
    throw new ConfigEditError('engine is a value, not a table; valid: [engine]');
  }
  const dotted = pairs.filter((pair) => pair.parent === tree && pair.path[0] === 'engine').at(-1);
  if (dotted !== undefined) return lineAfter(text, dotted.node.range[1], `engine.sample_every = ${value}`);

  const eol = eolOf(text);
  const missing = text !== '' && text !== '\uFEFF' && !text.endsWith('\n');
  const lines = `[engine]${eol}sample_every = ${value}`;
  return { from: text.length, to: text.length, insert: missing ? eol + lines : lines + eol };
}

/** The end of a table's `[header]`: the table's own range goes on to its last pair. */
function headerEnd(text: string, table: AST.TOMLTable): number {
  const at = text.indexOf(']', table.key.range[1] - 1);
  return at < 0 ? table.key.range[1] : at + 1;
}

/** A line of its own after the line that holds `offset`, which may end in a comment. */
function lineAfter(text: string, offset: number, line: string): Splice {
  const end = text.indexOf('\n', offset);
  if (end < 0) return { from: text.length, to: text.length, insert: eolOf(text) + line };
  return { from: end + 1, to: end + 1, insert: line + (text[end - 1] === '\r' ? '\r\n' : '\n') };
}

function intoInlineTable(text: string, table: AST.TOMLInlineTable, value: string): Splice {
  const last = table.body.at(-1);
  if (last !== undefined) return { from: last.range[1], to: last.range[1], insert: `, sample_every = ${value}` };
  const [from, to] = table.range;
  const inner = text.slice(from + 1, to - 1);
  return { from: from + 1, to: to - 1, insert: inner.trim() === '' ? ` sample_every = ${value} ` : inner };
}

function removal(text: string): Splice | null {
  const found = [...pairsOf(syntaxTree(text), [])].find((pair) => samePath(pair.path, WANTED));
  if (found === undefined) return null;
  const [from, to] = found.node.range;
  if (found.parent.type === 'TOMLInlineTable') return inlineRemoval(found.parent, found.node);
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const end = text.indexOf('\n', to);
  if (end >= 0) return { from: start, to: end + 1, insert: '' };
  // The last line, without a newline of its own: the newline before it goes instead.
  return { from: text.slice(0, start).replace(/\r?\n$/, '').length, to: text.length, insert: '' };
}

function inlineRemoval(table: AST.TOMLInlineTable, node: AST.TOMLKeyValue): Splice {
  const index = table.body.indexOf(node);
  const previous = table.body[index - 1];
  const next = table.body[index + 1];
  if (previous !== undefined) return { from: previous.range[1], to: node.range[1], insert: '' };
  return { from: node.range[0], to: next === undefined ? node.range[1] : next.range[0], insert: '' };
}

function eolOf(text: string): string {
  const first = text.indexOf('\n');
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n';
}

function prove(before: Table, edited: string, value: number | null): void {
  const after = read(edited);
  const engine = after['engine'];
  const now = isTable(engine) ? engine['sample_every'] : undefined;
  if (now !== (value ?? undefined) || !same(withoutKey(before), withoutKey(after)))
    throw new ConfigEditError('the edit would change more than sample_every; nothing was written');
}

/** A copy without the key in question; an `engine` table that holds nothing else counts as absent. */
function withoutKey(root: Table): Table {
  const copy = new Map(Object.entries(root));
  const engine = copy.get('engine');
  if (isTable(engine)) {
    const rest = Object.entries(engine).filter(([key]) => key !== 'sample_every');
    if (rest.length === 0) copy.delete('engine');
    else copy.set('engine', new Map(rest));
  }
  return copy as unknown as Table;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function entriesOf(value: object): [unknown, unknown][] {
  return value instanceof Map ? [...value.entries()] : Object.entries(value);
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Date || b instanceof Date)
    return a instanceof Date && b instanceof Date && a.toISOString() === b.toISOString();
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = entriesOf(a);
  const right = new Map(entriesOf(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && same(value, right.get(key)));
}
