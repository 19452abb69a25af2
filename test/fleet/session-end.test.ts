import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sessionEnd } from '@hybrid-soak/fleet/session-end.ts';
import t from 'tap';
import { FLEET } from '../programs.ts';
import { until } from './until.ts';

const never = new AbortController().signal;

t.test('a session that goes on for months keeps nothing of what it waited for', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const { unlessLost } = sessionEnd({ closed: () => new Promise(() => {}) }, never);
  const waited = await (async () => {
    const values = Array.from({ length: 20 }, () => ({}));
    for (const value of values) await unlessLost(Promise.resolve(value));
    return values.map((value) => new WeakRef(value));
  })();
  await until(async () => {
    collect();
    return waited.every((value) => value.deref() === undefined);
  });
});

t.test('what waits ends with the connection, with what failed, and a while after the signal', async (t) => {
  const closed = Promise.withResolvers<void>();
  const one = sessionEnd({ closed: () => closed.promise }, never);
  const waits = one.unlessLost(new Promise(() => {}));
  closed.resolve();
  await t.rejects(waits, /the connection was closed/);
  await t.rejects(one.unlessLost(new Promise(() => {})), /the connection was closed/);

  const stop = new AbortController();
  const two = sessionEnd({ closed: () => new Promise(() => {}) }, stop.signal);
  const stuck = two.unlessLost(new Promise(() => {}));
  stop.abort();
  t.equal(await two.unlessLost(Promise.resolve(1)), 1, 'what is on its way comes to its end');
  await t.rejects(stuck, /the program is to end/);
  two.close();
});

t.test('a server that accepts and says nothing does not keep a program that is to end', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const config = join(t.testdir({ 'config.toml': '' }), 'config.toml');
  const { port } = server.address() as { port: number };
  const merge = spawn(FLEET, ['merge', '--config', config, '--server', `127.0.0.1:${port}`]);
  t.teardown(() => merge.kill('SIGKILL'));
  t.match(String((await once(merge.stderr, 'data'))[0]), /the servers do not answer \(.*\); next try/);
  merge.kill('SIGTERM');
  t.same(await once(merge, 'exit'), [0, null]);
});
