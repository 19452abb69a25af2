import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { decodeMerged } from '@hybrid-soak/fleet/merge/merged.ts';
import type { Gap, MergedTrade } from '@hybrid-soak/fleet/merge/trade.ts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import t from 'tap';
import { FLEET } from '../programs.ts';
import { outputPrintedIfFailed } from '../said.ts';
import { natsServer, noServer } from './server.ts';
import { until } from './until.ts';

const MARKET = 'market.stream%2Ebinance%2Ecom.btcusdt';
const LAST = 4000;

/** A database with these trades in the order of their ids, and the holes of `gaps`. */
function write(file: string, ids: number[], gaps: [number, number][]): void {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec(Object.values(MIGRATIONS).join(''));
  db.exec("INSERT INTO markets (venue, wire_symbol, symbol) VALUES ('stream.binance.com', 'btcusdt', 'BTCUSD')");
  const tick = db.prepare(
    "INSERT INTO ticks (symbol, price, volume, ts, source, trade_id, market) VALUES ('BTCUSD', ?, 1, ?, 'made', ?, 1)",
  );
  const gap = db.prepare(
    "INSERT INTO gaps (source, symbol, market, from_id, to_id, detected_at) VALUES ('made', 'BTCUSD', 1, ?, ?, 1)",
  );
  db.transaction(() => {
    for (const id of ids) tick.run(100 + id / 7, 1_700_000_000_000 + id, String(id));
    for (const [from, to] of gaps) gap.run(String(from), String(to));
  })();
  db.close();
}

async function merged(address: string): Promise<{ trades: MergedTrade[]; fills: MergedTrade[]; gaps: Gap[] }> {
  const connection = await connect({ servers: address });
  const manager = await jetstreamManager(connection);
  const whole: { trades: MergedTrade[]; fills: MergedTrade[]; gaps: Gap[] } = { trades: [], fills: [], gaps: [] };
  const last = await manager.streams.info('market').then(
    ({ state }) => state.last_seq,
    () => 0,
  );
  for (let seq = 1; seq <= last; seq++) {
    const message = await manager.streams.getMessage('market', { seq });
    if (message?.subject !== MARKET) continue;
    const { head, trades, fills } = decodeMerged(message.data);
    whole.trades.push(...trades);
    whole.fills.push(...fills);
    whole.gaps.push(...head.gaps);
  }
  await connection.close();
  return whole;
}

t.test(
  'no trade is missing that either host had, each once, with merger and server killed',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({ 'config.toml': '', 'none.jsonl': '' });
    const server = await natsServer(join(folder, 'nats'));
    const children = new Set<ChildProcess>();
    t.teardown(async () => {
      for (const child of children) child.kill('SIGKILL');
      await server.kill();
    });
    const fleet = (...args: string[]): ChildProcess => {
      const common = ['--config', join(folder, 'config.toml'), '--server', server.address];
      const child = spawn(FLEET, [...args, ...common], { stdio: ['ignore', 'ignore', 'pipe'] });
      outputPrintedIfFailed(args.join(' '), child.stderr);
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    };
    const ship = (host: string) =>
      fleet(
        'ship',
        '--once',
        '--host',
        host,
        '--db',
        join(folder, `${host}.db`),
        '--decisions',
        join(folder, 'none.jsonl'),
      );
    // The first host was dead for a quarter of the time; each lost some for itself, and both the same six.
    const isLost = (id: number) => id >= 500 && id <= 505;
    const all = Array.from({ length: LAST }, (_, n) => n + 1).filter((id) => !isLost(id));
    const first = all.filter((id) => (id < 1000 || id >= 2000) && id % 37 !== 0);
    const second = all.filter((id) => id % 41 !== 0 || (id >= 1000 && id < 2000));
    const either = all.filter((id) => first.includes(id) || second.includes(id));
    write(join(folder, 'a.example.db'), first, [
      [500, 505],
      [1000, 1999],
    ]);
    write(join(folder, 'b.db'), second, [[500, 505]]);

    const shipped = ['a.example', 'b'].map((host) => once(ship(host), 'exit'));
    let merger = fleet('merge', '--reorder', '0.2', '--silent', '1');
    const isWanted = ({ from, to }: { from: string; to: string }) => Number(from) <= 500 && Number(to) >= 505;
    const isWhole = async () => {
      const { trades, fills, gaps } = await merged(server.address);
      return new Set([...trades, ...fills].map(([id]) => id)).size === either.length && gaps.some(isWanted);
    };
    for (let kill = 0; kill < 3; kill++) {
      await new Promise((done) => setTimeout(done, 300 + Math.random() * 700));
      merger.kill('SIGKILL');
      await once(merger, 'exit');
      if (kill === 1) await server.restart();
      merger = fleet('merge', '--reorder', '0.2', '--silent', '1');
    }
    t.same(await Promise.all(shipped), [
      [0, null],
      [0, null],
    ]);
    await until(isWhole);

    const { trades, fills, gaps } = await merged(server.address);
    const ids = [...trades, ...fills].map(([id]) => Number(id));
    t.same(
      ids.toSorted((x, y) => x - y),
      either,
      'each trade once',
    );
    t.ok(
      trades.every(([id], n) => n === 0 || Number(id) > Number(trades[n - 1]?.[0])),
      'in order',
    );
    t.ok(
      trades.every(([id, price]) => price === 100 + Number(id) / 7),
      'with the numbers that were written',
    );
    const lost = gaps.find(isWanted);
    t.ok(lost !== undefined, 'what none has is a gap');
    t.match(lost?.missed_by.join(), /^(a\.example,b|a\.example|b)$/);
  },
);
