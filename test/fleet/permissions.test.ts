import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { FLEET, SOAK } from '../programs.ts';
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
    const command = (user: string, password: string, ...args: string[]) => {
      const [secret, config] = [join(folder, `${user} ${password}`), join(folder, `${user} ${password}.toml`)];
      writeFileSync(secret, `${password}\n`);
      writeFileSync(config, `[fleet]\nuser = "${user}"\npassword_file = "${secret}"\n`);
      return [...args, '--config', config, '--server', server.address];
    };
    const as = (...args: Parameters<typeof command>) =>
      spawnSync(FLEET, command(...args), { encoding: 'utf8', timeout: 300_000 });
    const files = ['--db', join(folder, 'bot.db'), '--decisions', join(folder, 'decisions.jsonl')];
    const ship = (host: string) => ['ship', '--once', '--host', host, ...files];
    t.match(as('reader', 'CHANGE-reader', 'status'), { status: 0, stdout: /^HOST/ }, 'before any host has shipped');
    const own = as('tokyo-1', 'CHANGE-tokyo', ...ship('tokyo-1'));
    t.equal(own.status, 0, own.stderr);
    // A host is in the table as long as it ships.
    const shipping = spawn(FLEET, command('tokyo-1', 'CHANGE-tokyo', 'ship', '--host', 'tokyo-1', ...files), {
      stdio: 'ignore',
    });
    t.teardown(() => shipping.kill('SIGKILL'));
    await eventually(() => /^tokyo-1 +T1/m.test(as('reader', 'CHANGE-reader', 'status').stdout));
    const other = as('tokyo-1', 'CHANGE-tokyo', ...ship('berlin-2'));
    t.equal(other.status, 12);
    t.match(other.stderr, /the server refuses: .*permission/i);
    t.equal(as('tokyo-1', 'wrong', ...ship('tokyo-1')).status, 12, 'a wrong password');
    const unknown = as('reader', 'wrong', 'status');
    t.equal(unknown.status, 12);
    t.match(unknown.stderr, /^\[fleet\]: the server refuses: .*; valid: .*\n$/);

    // What is sent to others goes past a host: their answers, rows that are read, questions to other hosts.
    const host = await connect({ servers: server.address, user: 'tokyo-1', pass: 'CHANGE-tokyo' });
    t.teardown(() => host.close());
    for (const subject of ['_INBOX.>', '_INBOX_berlin-2.>', 'soak.>', 'market.>', 'control.berlin-2.*', '$KV.>']) {
      const refused = Promise.withResolvers<string | undefined>();
      host.subscribe(subject, { callback: (error) => refused.resolve(error?.message) });
      t.match(await refused.promise, /permission/i, subject);
    }
  },
);

t.test(
  'with the accounts of nats-server.conf an operator merges, and a reader opens the pages',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({});
    const server = await natsServer(join(folder, 'nats'), ACCOUNTS);
    t.teardown(() => server.kill());
    const start = (program: string, user: string, ...args: string[]) => {
      const config = join(folder, `${user}.toml`);
      writeFileSync(join(folder, user), `CHANGE-${user}\n`);
      writeFileSync(config, `[fleet]\nuser = "${user}"\npassword_file = "${join(folder, user)}"\n`);
      const common = ['--config', config, '--server', server.address];
      const child = spawn(program, [...args, ...common]);
      const ended = once(child, 'exit');
      // Ended in good order: a page that is killed leaves its folder of copies.
      t.teardown(() => child.kill() && ended);
      return child;
    };
    const operator = await connect({ servers: server.address, user: 'operator', pass: 'CHANGE-operator' });
    t.teardown(() => operator.close());
    await (await jetstreamManager(operator)).streams.add({ name: 'soak-tokyo-1', subjects: ['soak.tokyo-1.>'] });
    const merger = start(FLEET, 'operator', 'merge');
    t.match(String((await once(merger.stderr, 'data'))[0]), /^soak-tokyo-1: merged from now on/);
    const dashboard = start(SOAK, 'reader', 'dashboard', '--fleet', '--listen', '127.0.0.1:0');
    const url = String((await once(dashboard.stdout, 'data'))[0]).trim();
    const list = await fetch(url);
    t.equal(list.status, 200);
    t.match(await list.text(), 'does not ship now');
    const events = await fetch(`${url}host/tokyo-1/events`);
    t.equal(events.status, 200);
    await events.body?.cancel();
  },
);
