import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { notebook } from '@hybrid-soak/supervisor/inspect/notes.ts';
import { rates, startReaders } from '@hybrid-soak/supervisor/proofs/concurrency.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { eventually } from '../../eventually.ts';

const threads = () => readdirSync('/proc/self/task').length;

t.test('a reader that fails is an error of the proof, not the end of the process', async (t) => {
  const before = threads();
  const readers = startReaders(join(t.testdir({}), 'bot.db'));
  t.ok(threads() > before);
  // They fail long before anybody asks for what they have read.
  await eventually(() => threads() <= before);
  await t.rejects(readers.stop(), { code: 'SQLITE_CANTOPEN' });
});

t.test('readers count what they read, and that a locked database was busy', async (t) => {
  const path = join(t.testdir({}), 'bot.db');
  const db = new Database(path);
  t.teardown(() => db.close());
  db.exec('CREATE TABLE ticks (id INTEGER PRIMARY KEY, ts INTEGER); INSERT INTO ticks (ts) VALUES (1)');
  db.exec('BEGIN EXCLUSIVE');
  const before = threads();
  const readers = startReaders(path);
  await eventually(() => threads() >= before + 2);
  await new Promise((resolve) => setImmediate(resolve));
  db.exec('COMMIT');
  const reports = await readers.stop();
  t.equal(reports.length, 2);
  t.ok(reports.every(({ backwards }) => backwards === 0));
});

t.test('a rate that differs more from turn to turn than the bound says nothing about the readers', async (t) => {
  const judged = (alone: number[], beside: number[]) => {
    const { notes, kept } = notebook();
    rates(notes, alone, beside);
    return kept.checks;
  };
  t.match(judged([500, 501, 499], [490, 495, 492]), [{ verdict: 'PASS' }]);
  t.match(judged([500, 501, 499], [440, 445, 442]), [{ verdict: 'FAIL' }]);
  for (const [alone, beside] of [
    [
      [500, 440, 500],
      [440, 445, 442],
    ],
    [
      [500, 501, 499],
      [490, 400, 440],
    ],
  ] as const)
    t.match(judged([...alone], [...beside]), [{ verdict: 'BLOCKED', measured: /: the host is too busy to tell$/ }]);
});
