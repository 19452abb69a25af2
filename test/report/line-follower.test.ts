import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batchesOf, lineFollower } from '@hybrid-soak/report/line-follower.ts';
import { NoRun, readRun } from '@hybrid-soak/report/read-log.ts';
import t from 'tap';

const all = (follower: ReturnType<typeof lineFollower>) => [...batchesOf(follower)].flatMap((batch) => batch.lines);

t.test('lines are handed out once, a torn one when it is whole', (t) => {
  const path = join(t.testdir({ log: 'one\ntwo\nthr' }), 'log');
  const follower = lineFollower(path);
  t.same(all(follower), ['one', 'two']);
  t.equal(follower.torn().length, 3);
  t.same(all(follower), []);
  appendFileSync(path, 'ee\nfour\n');
  t.same(all(follower), ['three', 'four']);
  follower.close();
  t.end();
});

t.test('what is too long for a record is passed over', (t) => {
  const path = join(t.testdir({ log: '' }), 'log');
  truncateSync(path, 70 << 20);
  appendFileSync(path, '\n{"a":1}\n');
  const follower = lineFollower(path);
  t.equal(all(follower).at(-1), '{"a":1}');
  follower.close();
  t.end();
});

t.test('a torn line that is cut off and written over is never glued to the next', (t) => {
  const path = join(t.testdir({ log: 'one\n{"torn' }), 'log');
  const follower = lineFollower(path);
  t.same(all(follower), ['one']);
  truncateSync(path, 4);
  appendFileSync(path, 'a record longer than what was torn\n');
  t.same(all(follower), ['a record longer than what was torn']);
  follower.close();
  t.end();
});

t.test('a renamed file is read to its end, then the new one from its start', (t) => {
  const path = join(t.testdir({ log: 'one\n' }), 'log');
  const follower = lineFollower(path);
  t.same(all(follower), ['one']);
  appendFileSync(path, 'last words\n');
  renameSync(path, `${path}.1`);
  t.same(follower.poll(), { lines: ['last words'], restarted: false, more: true });
  t.same(all(follower), [], 'the new file is not there yet');
  writeFileSync(path, 'fresh\n');
  t.same(follower.poll(), { lines: ['fresh'], restarted: true, more: true });
  follower.close();
  t.end();
});

t.test('a file cut short, or rewritten to more than it was, is read again from its start', (t) => {
  const path = join(t.testdir({ log: 'one\ntwo\n' }), 'log');
  const follower = lineFollower(path);
  all(follower);
  truncateSync(path, 0);
  appendFileSync(path, 'a\n');
  t.match(follower.poll(), { lines: ['a'], restarted: true });
  writeFileSync(path, 'quite another text\nand more of it\n');
  t.match(follower.poll(), { lines: ['quite another text', 'and more of it'], restarted: true });
  follower.close();
  t.end();
});

t.test('a missing file is waited for; lines longer than a chunk and split characters come whole', (t) => {
  const path = join(t.testdir({}), 'log');
  const follower = lineFollower(path, { chunkBytes: 4 });
  t.same(follower.poll(), { lines: [], restarted: false, more: false });
  writeFileSync(path, 'ab\n€uro and a long line\nz\n');
  t.same(all(follower), ['ab', '€uro and a long line', 'z']);
  follower.close();
  t.end();
});

t.test('a decision log with garbage, the earlier records and a torn end is read', (t) => {
  const earlier = {
    timestamp: '2025-01-02T03:04:05.000001Z',
    run_id: 'r',
    action: 'STALL',
    state: 'NORMAL',
    reason: 'x',
  };
  const log = `${JSON.stringify(earlier)}\nnot json\n[1]\n{"timestamp":"never","action":"HOLD"}\n\0\0\n\n{"timest`;
  const path = join(t.testdir({ log }), 'log');
  t.match(readRun(path), { records: [{ ...earlier, current_sample_every: null }], garbage: 4, tornBytes: 8 });
  const whole = join(t.testdir({ whole: log.split('\n', 1)[0] ?? '' }), 'whole');
  t.match(readRun(whole), { records: [earlier], tornBytes: 0 }, 'a last record that only lacks its newline is one');
  t.throws(() => readRun(`${path}.none`), NoRun);
  t.end();
});
