import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openReader } from '@hybrid-soak/fleet/ship/database.ts';
import { openToRead } from '@hybrid-soak/report/file-source.ts';
import { engineViewer } from '@hybrid-soak/report/live/database.ts';
import { openDecisionLog } from '@hybrid-soak/supervisor/adapters/decision-log.ts';
import { progressProbe } from '@hybrid-soak/supervisor/adapters/progress.ts';
import { replaceFile } from '@hybrid-soak/supervisor/adapters/replace-file.ts';
import { openRegular, readRegular, type Use } from '@hybrid-soak/supervisor/adapters/safe-open.ts';
import { openSamples } from '@hybrid-soak/supervisor/adapters/samples-file.ts';
import { loadRunState } from '@hybrid-soak/supervisor/recovery/run-state.ts';
import Database from 'better-sqlite3';
import t from 'tap';

const USES: Use[] = ['read', 'append', 'write'];

/** A file that nobody may touch, and a link, a FIFO and a folder in its place. */
function staged(t: { testdir(content: Record<string, string>): string }) {
  const folder = t.testdir({ victim: 'precious' });
  const at = (name: string) => join(folder, name);
  symlinkSync(at('victim'), at('link'));
  symlinkSync(at('nothing'), at('dangling'));
  spawnSync('mkfifo', [at('fifo')]);
  mkdirSync(at('folder'));
  return { at, untouched: () => readFileSync(at('victim'), 'utf8') === 'precious' };
}

t.test('a link, a FIFO and a folder are refused at once, whatever the file is opened for', async (t) => {
  const { at, untouched } = staged(t);
  for (const use of USES) {
    t.throws(() => openRegular(at('link'), use), { code: 'ELOOP', exitCode: 12, message: /link: is a symbolic link/ });
    t.throws(() => openRegular(at('dangling'), use), { code: 'ELOOP' });
    t.throws(() => openRegular(at('fifo'), use), { code: 'ENXIO', message: /FIFO/ });
    t.throws(() => openRegular(at('folder'), use), { code: 'EISDIR' });
    t.throws(() => openRegular('/dev/zero', use), { code: 'ENXIO' });
  }
  t.throws(() => openRegular(at('victim'), 'create'), { code: 'EEXIST' });
  t.throws(() => openRegular(at('none'), 'read'), { code: 'ENOENT' });
  closeSync(openRegular(at('link'), 'read', { follow: true }));
  t.ok(untouched());
  t.throws(() => statSync(at('nothing')), { code: 'ENOENT' });
});

t.test('reading a whole file is bounded', async (t) => {
  const path = join(t.testdir({ file: 'x'.repeat(100) }), 'file');
  t.equal(readRegular(path, { maxBytes: 100 }).length, 100);
  t.throws(() => readRegular(path, { maxBytes: 99 }), { code: 'EFBIG' });
  truncateSync(path, 1e12);
  t.throws(() => readRegular(path), { code: 'EFBIG' });
});

t.test(
  'a replaced file keeps its mode; links at its name or at guessed temporary names are not followed',
  async (t) => {
    const { at, untouched } = staged(t);
    writeFileSync(at('config'), 'old', { mode: 0o600 });
    for (let i = 0; i < 300; i++) symlinkSync(at('victim'), at(`config.${i}`));
    replaceFile(at('config'), 'new');
    t.equal(readFileSync(at('config'), 'utf8'), 'new');
    t.equal(statSync(at('config')).mode & 0o7777, 0o600);
    t.throws(() => replaceFile(at('link'), 'new'), { code: 'ELOOP' });
    t.throws(() => replaceFile(at('folder'), 'new'), { code: 'EISDIR' });
    t.ok(untouched());
    t.same(
      readdirSync(at('')).filter((name) => name.startsWith('.config')),
      [],
    );
  },
);

t.test('log, samples and run state are opened so', async (t) => {
  const { at, untouched } = staged(t);
  const options = {} as Parameters<typeof openSamples>[1];
  for (const name of ['link', 'fifo', 'folder']) {
    t.throws(() => openDecisionLog(at(name)), { name: 'UnsafeFile' });
    t.throws(() => openSamples(at(name), options, () => {}), { name: 'UnsafeFile' });
    t.throws(() => loadRunState(at(name)), { name: 'UnsafeFile' });
    t.throws(() => openToRead(at(name)), { name: 'Unreadable' });
  }
  t.ok(untouched());
});

t.test(
  'a database that is a FIFO or a link, or whose tables are views without end, is unavailable at once',
  async (t) => {
    const { at } = staged(t);
    for (const name of ['fifo', 'link', 'folder']) {
      t.match(progressProbe(at(name)).read().progress, { available: false, why: /not a regular file/ });
      t.match(engineViewer(at(name)).look(0).status, { available: false, why: /not a regular file/ });
      t.throws(() => openReader(at(name)), /not a regular file/);
    }
    const endless = 'WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS ts FROM n';
    const db = new Database(at('bot.db'));
    db.pragma('journal_mode = WAL');
    db.exec('CREATE TABLE ticks(id INTEGER PRIMARY KEY, ts INTEGER); INSERT INTO ticks VALUES (1, 1)');
    const probe = progressProbe(at('bot.db'));
    const reader = openReader(at('bot.db'));
    t.match(probe.read().progress, { available: true });
    db.exec(`DROP TABLE ticks; CREATE VIEW ticks AS ${endless}; CREATE VIEW engine_status AS ${endless}`);
    t.match(probe.read(), { progress: { available: false, why: /is not a table/ }, heartbeat: { available: false } });
    const viewer = engineViewer(at('bot.db'));
    t.match(viewer.look(0), { status: { available: false }, tables: [{ rows: { why: /ticks: is not a table/ } }] });
    t.throws(() => reader.after('ticks', 0, 1), /ticks is not a table/);
    t.throws(() => reader.status(0), /is not a table/);
    viewer.close();
    reader.close();
    probe.close();
    db.close();
  },
);
