import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitOfFailure } from '@hybrid-soak/engine/run/failure.ts';
import { lasts } from '@hybrid-soak/engine/store/open/refusals.ts';
import t from 'tap';

const NOW = ['EROFS', 'ENOSPC', 'EIO', 'EMFILE', 'ENFILE', 'SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR_WRITE'];
const GOOD = ['EACCES', 'EPERM', 'SQLITE_NOTADB', 'SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX'];
const coded = (code: string) => Object.assign(new Error(code), { code });

t.test('what fails for now and what for good is the same at each moment', async (t) => {
  for (const code of NOW) t.equal(lasts('/nowhere/bot.db', coded(code)), 'now', code);
  for (const code of GOOD) t.equal(lasts('/nowhere/bot.db', coded(code)), 'good', code);
  for (const code of ['ERR_INVALID_ARG_TYPE', 'SQLITE_CONSTRAINT'])
    t.equal(lasts('/nowhere/bot.db', coded(code)), null, code);
  t.equal(lasts('/nowhere/bot.db', new TypeError('x is not a function')), null, "a bug is not the database's");
});

t.test('a failure of the system is for now wherever it was thrown', async (t) => {
  const worker = Object.assign(new Error('Worker initialization failure: EMFILE'), { code: 'ERR_WORKER_INIT_FAILED' });
  for (const error of [coded('EMFILE'), coded('ENFILE'), worker]) t.equal(exitOfFailure(error), 13);
  for (const error of [coded('ENOENT'), new TypeError('x is not a function'), null]) t.equal(exitOfFailure(error), 1);
});

t.test("where SQLite hides the system's reason, the file is asked", async (t) => {
  const folder = t.testdir({ 'bot.db': '' });
  const path = join(folder, 'bot.db');
  for (const code of ['SQLITE_CANTOPEN', 'SQLITE_READONLY'])
    t.equal(lasts(path, coded(code)), 'now', 'nothing is in the way');
  t.equal(lasts('/dev/null/bot.db', coded('SQLITE_CANTOPEN')), 'good', 'no file can be there');
  symlinkSync('loop.db', join(folder, 'loop.db'));
  symlinkSync('no/folder/bot.db', join(folder, 'dangling.db'));
  symlinkSync('new.db', join(folder, 'link.db'));
  for (const name of ['x'.repeat(300), 'x'.repeat(250), 'loop.db', 'dangling.db'])
    t.equal(lasts(join(folder, name), coded('SQLITE_CANTOPEN')), 'good', name);
  t.equal(lasts(join(folder, 'link.db'), coded('SQLITE_CANTOPEN')), 'now', 'it can be made where the link leads');
  if (process.getuid?.() === 0) return;
  chmodSync(path, 0o444);
  t.equal(lasts(path, coded('SQLITE_READONLY')), 'good');
  mkdirSync(join(folder, 'closed'));
  writeFileSync(join(folder, 'closed/bot.db'), '');
  chmodSync(join(folder, 'closed'), 0o500);
  t.equal(lasts(join(folder, 'closed/bot.db'), coded('SQLITE_CANTOPEN')), 'good');
});
