import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type BatchHead, encodeBatch } from '@hybrid-soak/fleet/batch.ts';
import { decodeMerged } from '@hybrid-soak/fleet/merge/merged.ts';
import type { MergedTrade } from '@hybrid-soak/fleet/merge/trade.ts';
import { SHAPES } from '@hybrid-soak/fleet/ship/database.ts';
import { streamOf, subjectOf } from '@hybrid-soak/fleet/subject.ts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { FLEET } from '../programs.ts';
import { natsServer, noServer } from './server.ts';
import { until } from './until.ts';

const MARKET = { venue: 'v', symbol: 's' };

t.setTimeout(600_000);

t.test(
  'what a host writes is taken as its own, what no shipper writes is left out; a second merger waits for the first',
  { skip: noServer },
  async (t) => {
    const folder = t.testdir({ 'config.toml': '' });
    const server = await natsServer(join(folder, 'nats'));
    t.teardown(() => server.kill());
    const connection = await connect({ servers: server.address });
    t.teardown(() => connection.close());
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: streamOf('a'), subjects: ['soak.a.>'] });
    const client = jetstream(connection);
    const subject = subjectOf('a', 'ticks', MARKET);
    const head: BatchHead = {
      ...{ v: 1, kind: 'ticks', host: 'b', origin: 'o', generation: 1 },
      ...{ market: MARKET, columns: SHAPES.ticks.columns, last: 1, done: 0 },
    };
    const row = (id: number, ts: unknown) => JSON.stringify([id, 'S', 1, 1, ts, null, String(id)]);
    const put = (...rows: string[]) => client.publish(subject, encodeBatch(head, rows));
    await client.publish(subject, 'no message of ours');
    await client.publish(subject, encodeBatch({ ...head, columns: null as never }, [row(1, 1)]));
    await put('{"torn');
    await put(row(1, 'soon'), row(2, 1.5), row(3, 9e15), row(4, 4));

    const merger = (): { child: ChildProcess; said: () => string } => {
      const args = ['merge', '--reorder', '0.1', '--config', join(folder, 'config.toml'), '--server', server.address];
      const child = spawn(FLEET, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      t.teardown(() => child.kill('SIGKILL'));
      let text = '';
      child.stderr?.on('data', (data) => {
        text += String(data);
      });
      return { child, said: () => text };
    };
    const merged = async (): Promise<MergedTrade[]> => {
      const trades: MergedTrade[] = [];
      const last = await manager.streams.info('market').then(
        ({ state }) => state.last_seq,
        () => 0,
      );
      for (let seq = 1; seq <= last; seq++) {
        const message = await manager.streams.getMessage('market', { seq });
        if (message !== null) trades.push(...decodeMerged(message.data).trades);
      }
      return trades;
    };
    const first = merger();
    await until(async () => (await merged()).length > 0);
    t.same(await merged(), [['4', 1, 1, 4, 'S', null, 'a']]);
    for (const said of [
      /%?soak\.a\.ticks\.v\.s: a message that cannot be read, left out/,
      /3 rows are not trades, left out/,
    ])
      await eventually(() => said.test(first.said()));

    const second = merger();
    await until(async () => second.said().includes('another hybrid-fleet merge runs'));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await put(row(5, 5));
    await until(async () => (await merged()).length > 1);
    t.same((await merged())[1], ['5', 1, 1, 5, 'S', null, 'a']);
    second.child.kill('SIGTERM');
    t.same(await once(second.child, 'exit'), [0, null]);
  },
);
