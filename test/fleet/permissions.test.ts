import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { natsServer, noServer } from './server.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHIPPED = readFileSync(join(ROOT, 'ops/nats/nats-server.conf'), 'utf8');
/** The accounts of the file that is shipped. */
const ACCOUNTS = SHIPPED.slice(SHIPPED.indexOf('accounts {'), SHIPPED.indexOf('# Three servers'));

t.test(
  'with the accounts of nats-server.conf: a host ships its own, is refused as another, and a reader sees it',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({ 'decisions.jsonl': '{"action":"HOLD","state":"T1"}\n' });
    const server = await natsServer(join(folder, 'nats'), ACCOUNTS);
    t.teardown(() => server.kill());
    const db = new Database(join(folder, 'bot.db'));
    t.teardown(() => db.close());
    db.pragma('journal_mode = WAL');
    db.exec(Object.values(MIGRATIONS).join(''));
    db.exec("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, 1)");
    const as = (user: string, password: string, ...args: string[]) => {
      writeFileSync(join(folder, 'password'), `${password}\n`);
      const config = `[fleet]\nuser = "${user}"\npassword_file = "${join(folder, 'password')}"\n`;
      writeFileSync(join(folder, 'config.toml'), config);
      const common = ['--config', join(folder, 'config.toml'), '--server', server.address];
      return spawnSync(process.execPath, [join(ROOT, 'packages/fleet/src/main.ts'), ...args, ...common], {
        encoding: 'utf8',
        timeout: 12_000,
      });
    };
    const ship = (host: string) => [
      'ship',
      '--once',
      '--host',
      host,
      '--db',
      join(folder, 'bot.db'),
      '--decisions',
      join(folder, 'decisions.jsonl'),
    ];
    const own = as('tokyo-1', 'CHANGE-tokyo', ...ship('tokyo-1'));
    t.equal(own.status, 0, own.stderr);
    const seen = as('reader', 'CHANGE-reader', 'status');
    t.match(seen.stdout, /^tokyo-1 +T1/m, seen.stderr);
    const other = as('tokyo-1', 'CHANGE-tokyo', ...ship('berlin-2'));
    t.equal(other.status, 12);
    t.match(other.stderr, /the server refuses: .*permission/i);
    t.equal(as('tokyo-1', 'wrong', ...ship('tokyo-1')).status, 12, 'a wrong password');
  },
);
