import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

t.test("where SQLite hides the system's reason, the file is asked", async (t) => {
  const folder = t.testdir({ 'bot.db': '' });
  const path = join(folder, 'bot.db');
  for (const code of ['SQLITE_CANTOPEN', 'SQLITE_READONLY'])
    t.equal(lasts(path, coded(code)), 'now', 'nothing is in the way');
  t.equal(lasts('/dev/null/bot.db', coded('SQLITE_CANTOPEN')), 'good', 'no file can be there');
  if (process.getuid?.() === 0) return;
  chmodSync(path, 0o444);
  t.equal(lasts(path, coded('SQLITE_READONLY')), 'good');
  mkdirSync(join(folder, 'closed'));
  writeFileSync(join(folder, 'closed/bot.db'), '');
  chmodSync(join(folder, 'closed'), 0o500);
  t.equal(lasts(join(folder, 'closed/bot.db'), coded('SQLITE_CANTOPEN')), 'good');
});
