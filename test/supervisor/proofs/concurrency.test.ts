import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startReaders } from '@hybrid-soak/supervisor/proofs/concurrency.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { eventually } from '../../eventually.ts';

const threads = () => readdirSync('/proc/self/task').length;

t.test('a reader that fails is an error of the proof, not the end of the process', async (t) => {
  const before = threads();
  const readers = startReaders(join(t.testdir({}), 'bot.db'));
  t.ok(threads() > before);
  // They fail long before anybody asks for what they have read.
  await eventually(() => threads() === before);
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
