import { once } from 'node:events';
import { gatherReads } from '@hybrid-soak/engine/feeds/gather-reads.ts';
import t from 'tap';
import WebSocket, { WebSocketServer } from 'ws';
import { eventually } from '../../eventually.ts';

t.test('Gathered reads lose no frame, answer pings, and stop on request', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  t.teardown(() => {
    client.terminate();
    server.close();
  });
  const [peer] = (await once(server, 'connection')) as [WebSocket];
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');

  const reads = gatherReads(client);
  const got: number[] = [];
  let turns = 0;
  const resume = client.resume.bind(client);
  client.resume = () => {
    turns++;
    resume();
  };
  client.on('message', (data: Buffer) => {
    reads.count(data.length);
    got.push(Number(data));
  });
  reads.set(20);
  for (let n = 0; n < 500; n++) {
    peer.send(String(n));
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  peer.ping();
  await once(peer, 'pong');
  t.same(
    got,
    Array.from({ length: 500 }, (_, n) => n),
  );
  await eventually(() => turns > 0);
  reads.set(0);
  t.notOk(client.isPaused);
  peer.send('last');
  const [data] = (await once(client, 'message')) as [Buffer];
  t.equal(String(data), 'last');
});
