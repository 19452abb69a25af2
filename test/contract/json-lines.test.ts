import { type ByteSource, lineBlocks, lineBlocksBackward, parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import { firstRunId, lastLinesOf, lastRun, runsBeginning } from '@hybrid-soak/contract/run-lines.ts';
import fc from 'fast-check';
import t from 'tap';

/** A file in memory that counts the bytes which were read; `most`: bytes that one read returns at most, as a pipe or NFS may. */
function sourceOf(text: string, most = Number.POSITIVE_INFINITY): ByteSource & { bytesRead: number } {
  const bytes = Buffer.from(text);
  return {
    size: bytes.length,
    bytesRead: 0,
    read(into, at) {
      const part = bytes.subarray(at, at + Math.min(into.length, most));
      into.set(part);
      this.bytesRead += part.length;
      return part.length;
    },
  };
}

const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ''));

t.test('forward and backward give the lines of the file, whatever the block cuts through', (t) => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 40 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 20 }),
      (lines, ended, blockBytes) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        const forward = [...lineBlocks(sourceOf(text, 7), { blockBytes })];
        const backward = [...lineBlocksBackward(sourceOf(text, 7), { blockBytes })].reverse();
        for (const blocks of [forward, backward]) {
          if (JSON.stringify(blocks.flatMap((block) => block.lines)) !== JSON.stringify(expected)) return false;
          if (
            blocks.some(
              ({ at, lines: [first] }) =>
                !Buffer.from(text)
                  .subarray(at)
                  .toString()
                  .startsWith(first ?? ''),
            )
          )
            return false;
        }
        return true;
      },
    ),
  );
  t.end();
});

t.test('a line without an end takes no more memory than the longest line; what follows it is found', (t) => {
  const text = `${'x'.repeat(100)}\n{"b":1}\n`;
  for (const blocks of [lineBlocks, lineBlocksBackward]) {
    const found = [...blocks(sourceOf(text, 7), { blockBytes: 8, longestBytes: 16 })];
    t.ok(found.every((block) => block.text.length <= 16));
    t.ok(found.flatMap((block) => block.lines).includes('{"b":1}'));
    const inOrder = found.sort((a, b) => a.at - b.at);
    t.equal(inOrder.map((block) => block.text).join(''), text);
  }
  t.end();
});

t.test('a line is a value, empty, or garbage; a byte order mark and CRLF are skipped', (t) => {
  t.same(parseJsonLine('\uFEFF{"a":1}\r'), { kind: 'value', value: { a: 1 } });
  t.same(parseJsonLine('\r'), { kind: 'empty' });
  t.same(parseJsonLine('{"a":'), { kind: 'garbage' });
  t.end();
});

const record = (run_id: string, seq: number | null, pad = 1000) =>
  `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000000Z', run_id, ...(seq === null ? {} : { seq }), action: 'HOLD', pad: 'x'.repeat(pad) })}\n`;
const run = (id: string, records: number) => Array.from({ length: records }, (_, i) => record(id, i + 1)).join('');

t.test('the last run is found from the end, at a cost that does not follow the length of the log', (t) => {
  const old = run('aaaa', 20_000);
  const source = sourceOf(`${old}${run('bbbb', 50)}`);
  const place = lastRun(source, () => true);
  t.match(place, { run_id: 'bbbb' });
  t.ok(source.bytesRead < 3 << 20, `${source.bytesRead} bytes read of ${source.size}`);
  t.ok((place?.from ?? 0) <= old.length && (place?.from ?? 0) > old.length - (2 << 20));
  t.end();
});

t.test('a run without seq, and one whose records lie between others, is found from its first record on', (t) => {
  const earlier = sourceOf(record('cccc', null).repeat(5));
  t.same(
    lastRun(earlier, () => true),
    { run_id: 'cccc', from: 0 },
  );
  const mixed = sourceOf(`${record('aaaa', 1) + run('bbbb', 3000) + record('aaaa', 2)}{"torn`);
  t.same(
    lastRun(mixed, () => true),
    { run_id: 'aaaa', from: 0 },
  );
  t.equal(
    lastRun(sourceOf('not json\n'), () => true),
    null,
  );
  t.equal(
    lastRun(mixed, (value) => 'nothing' in value),
    null,
  );
  t.end();
});

t.test('runs by the beginning of their id, in the order of their first records', (t) => {
  const source = sourceOf(`${run('abc1', 3)}${run('abd2', 3)}${run('abc3', 3)}`);
  const ids = (prefix: string) => runsBeginning(source, prefix).map(({ run_id }) => run_id);
  t.same(ids('abc'), ['abc1', 'abc3']);
  t.same(ids(''), ['abc1', 'abd2', 'abc3']);
  t.same(ids('HOLD'), [], 'only ids count, not other text of the line');
  t.equal(firstRunId(source), 'abc1');
  t.end();
});

t.test('the last lines of a run are read from the end, past those of other runs', (t) => {
  const text = `${run('aaaa', 4000)}${run('bbbb', 3)}${record('aaaa', 4001)}${record('cccc', 1)}torn aaaa`;
  const source = sourceOf(text);
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.includes('aaaa'));
  const counts = (line: string) => line.startsWith('{');
  t.same(lastLinesOf(source, 'aaaa', { most: 3, counts }), lines.slice(-3));
  t.ok(source.bytesRead <= 1 << 20, `${source.bytesRead} bytes read of ${source.size}`);
  t.same(lastLinesOf(source, 'aaaa', { most: 9000, counts }), lines, 'all there are');
  t.same(
    lastLinesOf(source, 'aaaa', { most: 1, to: text.indexOf('{', text.indexOf('bbbb')) }),
    lines.slice(3999, 4000),
  );
  t.end();
});
