import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { natsServer, noServer } from './server.ts';
import { shippedRows } from './shipped.ts';
import { until } from './until.ts';

const PROGRAM = resolve(import.meta.dirname, '../../packages/fleet/src/main.ts');
const AS_NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups', '--'];
const isReadable =
  spawnSync('setpriv', [...AS_NOBODY, 'test', '-r', PROGRAM, '-a', '-x', process.execPath]).status === 0;
const skip =
  noServer || (isReadable ? false : 'only root becomes another account, which has to be able to read this tree');

t.setTimeout(600_000);

t.test(
  'of a host whose engine has stopped the decisions are shipped; of one that runs again the rows too',
  { skip },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-rest-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    const file = (name: string) => join(folder, name);
    writeFileSync(file('config.toml'), '');
    writeFileSync(file('d.jsonl'), '{"action":"HOLD"}\n');
    const server = await natsServer(file('nats'));
    t.teardown(() => server.kill());
    const before = new Database(file('bot.db'));
    before.pragma('journal_mode = WAL');
    before.exec(Object.values(MIGRATIONS).join(''));
    before.close();
    const files = ['--db', file('bot.db'), '--decisions', file('d.jsonl'), '--samples', file('none.jsonl')];
    const args = ['ship', '--host', 'a', '--config', file('config.toml'), '--server', server.address, ...files];
    const ship = spawn('setpriv', [...AS_NOBODY, process.execPath, PROGRAM, ...args], { cwd: '/' });
    t.teardown(() => ship.kill('SIGKILL'));
    const stored = async (kind: string) => (await shippedRows(server.address, 'a').catch(() => null))?.rows[kind];
    await until(async () => (await stored('decisions')) !== undefined);
    t.equal(await stored('ticks'), undefined);
    const db = new Database(file('bot.db'));
    t.teardown(() => db.close());
    db.exec("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('S', 1, 1, 1)");
    await until(async () => (await stored('ticks')) !== undefined);
    t.same(await stored('decisions'), ['{"action":"HOLD"}']);
    ship.kill('SIGTERM');
    t.same(await once(ship, 'exit'), [0, null]);
  },
);
