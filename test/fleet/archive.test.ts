import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { encodeMerged, type MergedHead } from '@hybrid-soak/fleet/merge/merged.ts';
import type { MergedTrade } from '@hybrid-soak/fleet/merge/trade.ts';
import { MERGED_STREAM, mergedSubject } from '@hybrid-soak/fleet/subject.ts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { parquetReadObjects } from 'hyparquet';
import t from 'tap';
import { FLEET } from '../programs.ts';
import { natsServer, noServer } from './server.ts';

const MARKETS = ['btcusdt', 'ethusdt'].map((symbol) => ({ venue: 'stream.binance.com', symbol }));
/** Just before a midnight, so that the trades of one market are of two days. */
const START = Date.UTC(2026, 0, 2) - 20;

const trade = (n: number): MergedTrade => [String(n), n / 3, 1, START + n, 'BTCUSD', n % 2 === 0 ? null : 'é', 'a'];

async function run(...args: string[]): Promise<{ code: number; err: string }> {
  const child = spawn(FLEET, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const err = text(child.stderr);
  const [code] = (await once(child, 'exit')) as [number];
  return { code, err: await err };
}

t.test(
  'an archive has each trade once, by venue, symbol and day; a round that was cut off is written again',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({ 'config.toml': '' });
    const server = await natsServer(join(folder, 'nats'));
    t.teardown(() => server.kill());
    const early = await run(
      ...['archive', '--once', '--out', join(folder, 'none')],
      ...['--config', join(folder, 'config.toml'), '--server', server.address],
    );
    t.same(early, { code: 0, err: 'no merged stream yet: hybrid-fleet merge makes it\n' });
    const connection = await connect({ servers: server.address });
    await (await jetstreamManager(connection)).streams.add({ name: MERGED_STREAM, subjects: ['market.>'] });
    const client = jetstream(connection);
    for (let n = 0; n < 45; n++)
      for (const market of MARKETS) {
        const head: MergedHead = { v: 1, market, gaps: [], fills: 0, place: { last: String(n), absent: [] } };
        await client.publish(mergedSubject(market), encodeMerged(head, [trade(n)]));
      }
    await connection.close();
    const out = join(folder, 'out');
    const archive = (messages = '20') =>
      run(
        ...['archive', '--once', '--out', out, '--messages', messages],
        ...['--config', join(folder, 'config.toml'), '--server', server.address],
      );
    t.equal((await archive()).code, 0);
    const names = () =>
      readdirSync(out, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.parquet'))
        .sort();
    const written = names();
    const bytes = written.map((name) => readFileSync(join(out, name)));
    t.match(written[0], /^venue=stream%2Ebinance%2Ecom\/symbol=btcusdt\/day=2026-01-01\/00000000\.parquet$/);

    // As if it had been killed in the second round: no mark, one file missing.
    rmSync(join(out, 'rounds/20/00000001'));
    rmSync(join(out, written.find((name) => name.endsWith('00000001.parquet')) as string));
    t.equal((await archive()).code, 0);
    t.same(names(), written);
    t.same(
      written.map((name) => readFileSync(join(out, name))),
      bytes,
      'the same bytes',
    );

    const other = await archive('10');
    t.equal(other.code, 12);
    t.match(other.err, /is the archive of another stream or of other rounds .*"messages":20.*"messages":10/);
    t.same(names(), written, 'rounds of another length would write over these');

    const ids: Record<string, string[]> = {};
    for (const name of written) {
      const content = readFileSync(join(out, name));
      const file = content.buffer.slice(content.byteOffset, content.byteOffset + statSync(join(out, name)).size);
      for (const row of await parquetReadObjects({ file })) {
        const [, symbol, day] = /symbol=(\w+)\/day=([\d-]+)/.exec(name) ?? [];
        const n = Number(row['trade_id']);
        t.equal(new Date(Number(row['ts'])).toISOString().slice(0, 10), day);
        t.same([row['price'], row['source'] ?? null], [n / 3, n % 2 === 0 ? null : 'é']);
        ids[symbol as string] = [...(ids[symbol as string] ?? []), String(n)];
      }
    }
    const whole = Array.from({ length: 40 }, (_, n) => String(n));
    t.same(
      Object.values(ids).map((list) => list.sort((a, b) => Number(a) - Number(b))),
      [whole, whole],
    );
  },
);

t.test('servers that cannot be used are named in one line, with 12 if only a person can correct it', async (t) => {
  const config = join(t.testdir({ 'config.toml': '' }), 'config.toml');
  const status = (...more: string[]) => run('status', '--config', config, ...more);
  const [none, odd, port, nowhere, long] = await Promise.all([
    status(),
    status('--server', ':::'),
    status('--server', '127.0.0.1:99999'),
    status('--server', 'nowhere.invalid:4222'),
    run('ship', '--config', config, '--server', '127.0.0.1:1', '--host', 'é'.repeat(64)),
  ]);
  t.match(none, { code: 12, err: /fleet\.servers is empty/ });
  for (const one of [odd, port]) t.match(one, { code: 12, err: /^fleet\.servers \S+: not an address; valid: .*\n$/ });
  t.match(nowhere, { code: 1, err: /^the servers do not answer \(.*\); valid: .*\n$/ });
  t.match(long, { code: 12, err: /^fleet\.host é+: too long .*; valid: .*\n$/ });
});
