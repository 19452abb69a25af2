import { ConfigEditError, readSampleEvery, setSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import TOML from '@iarna/toml';
import fc from 'fast-check';
import t from 'tap';

/** What was between the common start and the common end of two texts. */
function difference(before: string, after: string): { removed: string; added: string } {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { removed: before.slice(start, before.length - end), added: after.slice(start, after.length - end) };
}

const comment = fc.constantFrom('', ' # sample_every = 3', '\t# [engine]', ' # 😀 "\'');
const value = fc.constantFrom(
  '1',
  '-0.5',
  'true',
  '"sample_every = 1"',
  "'[engine]'",
  '"""\n[engine]\nsample_every = 2\n"""',
  "'''\nengine.sample_every = 2'''",
  '[ 1,\n  2, # sample_every = 4\n ]',
  '{ sample_every = 9 }',
  '1979-05-27T07:32:00Z',
  '9007199254740993',
);
const blank = fc.constantFrom('', '', ' ', '\n', '# comment\n', '#😀\n\n', '  # sample_every = 7\n');
const spacing = fc.constantFrom('=', ' = ', '\t=  ', ' =');
const number = fc.constantFrom('1', '5', '1_000', '0x10', '20', '+3');
const line = fc.tuple(spacing, value, comment).map(([eq, text, note]) => `${eq}${text}${note}`);

const fillers = (prefix: string) =>
  fc
    .array(fc.tuple(blank, line), { maxLength: 3 })
    .map((lines) => lines.map(([gap, text], i) => `${gap.replace(/^ $/, '')}${prefix}${i}${text}\n`).join(''));

/** The `engine` table in every spelling, with the key or without: what goes before the first table, and after. */
const engine = fc.tuple(number, spacing, comment, fillers('k'), fc.boolean()).chain(([n, eq, note, rest, has]) => {
  const key = has ? `sample_every${eq}${n}` : '';
  return fc.constantFrom(
    { root: '', table: `[engine]${note}\n${rest}${has ? `${key}${note}\n` : ''}`, has },
    { root: '', table: `[ "engine" ]\n${has ? `  "sample_every"${eq}${n}${note}\n` : ''}${rest}`, has },
    { root: has ? `engine.${key}${note}\n` : `engine.other = 1${note}\n`, table: '', has },
    { root: `engine${eq}{ a = 1${has ? `, ${key}` : ''} }${note}\n`, table: '', has },
    { root: `engine = {${has ? key : ''}}\n`, table: '', has },
    { root: '', table: '[engine.sub]\nsample_every = 8\n', has: false },
    { root: '', table: '', has: false },
  );
});

const document = fc
  .tuple(fillers('r'), engine, fillers('a'), fillers('b'), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([root, spelling, before, after, crlf, cut, bom]) => {
    let text = `${root}${spelling.root}[before]\n${before}sample_every = 2\n${spelling.table}[after]\n${after}x = 1\n`;
    if (cut) text = text.slice(0, -1);
    if (crlf) text = text.replaceAll('\n', '\r\n');
    return { text: (bom ? '\uFEFF' : '') + text, has: spelling.has };
  });

t.test('one token changes and not one other byte, over generated documents', async (t) => {
  let checked = 0;
  fc.assert(
    fc.property(document, fc.integer({ min: 1, max: 1_000_000 }), ({ text, has }, n) => {
      const edited = setSampleEvery(text, n);
      const { removed, added } = difference(text, edited);
      if (readSampleEvery(edited) !== n) throw new Error(`reads ${readSampleEvery(edited)}`);
      if (has ? !/^[\w+]*$/.test(removed) || !/^\d*$/.test(added) : removed !== '')
        throw new Error(`changed ${JSON.stringify(removed)} to ${JSON.stringify(added)}`);
      if (setSampleEvery(edited, n) !== edited) throw new Error('a second edit is not a no-op');
      const other = setSampleEvery(setSampleEvery(edited, 20), n);
      if (other !== edited) throw new Error('there and back is not the same text');
      checked++;
    }),
    { numRuns: 2000 },
  );
  t.ok(checked >= 2000);
});

t.test('a key that was added can be taken out again, over generated documents', async (t) => {
  let added = 0;
  fc.assert(
    fc.property(document, ({ text, has }) => {
      fc.pre(!has);
      const back = setSampleEvery(setSampleEvery(text, 5), null);
      if (readSampleEvery(back) !== null) throw new Error('still there');
      const left = TOML.parse(back.replace('\uFEFF', ' '));
      const found = TOML.parse(text.replace('\uFEFF', ' '));
      if (Object.keys(left['engine'] ?? {}).length !== Object.keys(found['engine'] ?? {}).length)
        throw new Error('more went');
      added++;
    }),
    { numRuns: 500 },
  );
  t.ok(added > 0);
});

t.test('the spellings of a missing key', async (t) => {
  t.equal(setSampleEvery('', 5), '[engine]\nsample_every = 5\n');
  t.equal(setSampleEvery('a = 1', 5), 'a = 1\n[engine]\nsample_every = 5', 'a missing final newline stays missing');
  t.equal(setSampleEvery('[engine] # ]\r\nx = 1\r\n', 5), '[engine] # ]\r\nsample_every = 5\r\nx = 1\r\n');
  t.equal(setSampleEvery('[engine]', 5), '[engine]\nsample_every = 5');
  t.equal(setSampleEvery('engine = { a = 1 }\n', 5), 'engine = { a = 1, sample_every = 5 }\n');
  t.equal(setSampleEvery('engine.a = 1\n[x]\n', 5), 'engine.a = 1\nengine.sample_every = 5\n[x]\n');
  t.equal(setSampleEvery('["engine]"]\nx=1\n[engine]\n', 5), '["engine]"]\nx=1\n[engine]\nsample_every = 5\n');
});

t.test('what cannot be edited is refused and says why', async (t) => {
  t.throws(
    () => setSampleEvery('engine = 5\n', 5),
    new ConfigEditError('engine is a value, not a table; valid: [engine]'),
  );
  t.throws(() => setSampleEvery('[engine\n', 5), { name: 'ConfigEditError', message: /not valid TOML/ });
  t.throws(() => setSampleEvery('[[engine]]\na = 1\n', 5), { name: 'ConfigEditError' });
  for (const bad of [0, -1, 1.5, Number.NaN]) t.throws(() => setSampleEvery('', bad), { name: 'ConfigEditError' });
});
