import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import t from 'tap';
import { FLEET } from '../programs.ts';
import { outputPrintedIfFailed } from '../said.ts';
import { natsServer, noServer } from './server.ts';
import { slowLine } from './slow-line.ts';
import { until } from './until.ts';

const ROWS = 2500;

t.setTimeout(600_000);

t.test(
  'over a link on which one message takes longer than a server is waited for, all is shipped, and merged',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({ 'config.toml': '' });
    const server = await natsServer(join(folder, 'nats'));
    t.teardown(() => server.kill());
    const slow = await slowLine(t, server.port, { bytesPerMs: 25, lateMs: 0 });
    const db = new Database(join(folder, 'bot.db'));
    t.teardown(() => db.close());
    db.pragma('journal_mode = WAL');
    db.exec(Object.values(MIGRATIONS).join(''));
    db.exec("INSERT INTO markets (venue, wire_symbol, symbol) VALUES ('v', 's', 'S')");
    const tick = db.prepare(
      'INSERT INTO ticks (symbol, price, volume, ts, trade_id, market) VALUES (?, ?, ?, ?, ?, 1)',
    );
    db.transaction(() => {
      for (let n = 1; n <= ROWS; n++) tick.run('BTCUSD', n / 7, n / 3, 1_700_000_000_000 + n, String(n));
    })();
    const fleet = (address: string, ...args: string[]): ChildProcess => {
      const common = ['--config', join(folder, 'config.toml'), '--server', address];
      const child = spawn(FLEET, [...args, ...common], { stdio: ['ignore', 'ignore', 'pipe'] });
      outputPrintedIfFailed(args.join(' '), child.stderr);
      t.teardown(() => child.kill('SIGKILL'));
      return child;
    };
    const ship = (host: string, address: string) => {
      const none = join(folder, 'none.jsonl');
      const files = ['--db', join(folder, 'bot.db'), '--decisions', none, '--samples', none];
      return once(fleet(address, 'ship', '--once', '--host', host, ...files), 'exit');
    };
    t.same(await ship('near', server.address), [0, null]);
    const far = ship('far', `127.0.0.1:${slow.port}`);
    const connection = await connect({ servers: server.address });
    t.teardown(() => connection.close());
    const manager = await jetstreamManager(connection);
    t.same(await far, [0, null], 'shipped');

    const line = await slowLine(t, server.port, { bytesPerMs: 25, lateMs: 0 });
    fleet(`127.0.0.1:${line.port}`, 'merge');
    const isMerged = async () => {
      const message = await manager.streams.getMessage('market', { last_by_subj: 'market.>' }).catch(() => null);
      return message?.string().includes(`["${ROWS}",`) === true;
    };
    await until(isMerged);
  },
);
