import { join } from 'node:path';
import { recordedLine } from '@hybrid-soak/contract/recorded-frame.ts';
import { serveRecording } from '@hybrid-soak/feed/serve-recording.ts';
import t, { type Test } from 'tap';
import WebSocket from 'ws';
import { until } from '../engine/feeds/scripted-server.ts';
import { feed } from './feed.ts';

const line = (path: string, raw: string, received_ms = 1000) =>
  recordedLine({ received_ms, source: 's', url: `wss://a.example${path}`, raw });

async function served(t: Test, text: string, more: { speed?: number; loop?: boolean } = {}) {
  const file = join(t.testdir({ 'frames.jsonl': text }), 'frames.jsonl');
  const rules = { port: 0, host: '127.0.0.1', file, speed: Number.POSITIVE_INFINITY, rate: 100, loop: false, ...more };
  const server = await serveRecording(rules);
  t.teardown(() => server.close());
  return `ws://127.0.0.1:${server.port}`;
}

function client(t: Test, url: string) {
  const socket = new WebSocket(url);
  t.teardown(() => socket.terminate());
  const got: string[] = [];
  socket.on('message', (data) => got.push(String(data)));
  const code = new Promise<number>((resolve) => socket.on('close', resolve));
  return { got, code, socket };
}

t.test('each client gets the frames of its path from the beginning; another path is closed with 1008', async (t) => {
  const base = await served(t, line('/a?x=1', '1') + line('/b', '2') + line('/a?x=1', '3'));
  for (const _ of [1, 2]) {
    const { got, socket } = client(t, `${base}/a?x=1`);
    await until(() => got.length === 2);
    t.same(got, ['1', '3']);
    t.equal(socket.readyState, socket.OPEN, 'it stays open at the end');
  }
  t.equal(await client(t, `${base}/c`).code, 1008);
});

t.test('a plain file of raw frames is served on any path', async (t) => {
  const base = await served(t, '{"e":"trade"}\r\n\n[1]\nnot JSON');
  const { got } = client(t, `${base}/any`);
  await until(() => got.length === 3);
  t.same(got, ['{"e":"trade"}', '[1]', 'not JSON']);
});

t.test('a recording of one URL is served on any path, and those of other recorders as well', async (t) => {
  const lines = [line('/ws/btcusdt@trade', '1'), '{"ts":1751508438600,"raw":"{}"}', '2025-07-03T02:07:18.601Z [2]'];
  const { got } = client(t, `${await served(t, `\uFEFF${lines[0]}${lines[1]}\n${lines[2]}\n`)}/`);
  await until(() => got.length === 3);
  t.same(got, ['1', '{}', '[2]']);
});

t.test('a looped recording starts again from its first frame', async (t) => {
  const { got } = client(t, `${await served(t, line('/', '1') + line('/', '2'), { loop: true })}/`);
  await until(() => got.length >= 5);
  t.same(got.slice(0, 5), ['1', '2', '1', '2', '1']);
});

t.test('frames come no sooner than they were received, divided by the speed', async (t) => {
  const base = await served(t, line('/', '1', 0) + line('/', '2', 1000), { speed: 10 });
  const asked = performance.now();
  const { got } = client(t, `${base}/`);
  await until(() => got.length === 2);
  t.ok(performance.now() - asked >= 99);
});

t.test('the command says where the recording is served', async (t) => {
  const file = join(t.testdir({ f: line('/ws/btcusdt@trade', 'hello'), plain: '{}' }), 'f');
  const { child, said, ended } = feed('serve', file, '--speed', 'max', '--port', '0');
  const { urls } = (await said) as { urls: string[] };
  t.match(urls, [/\/ws\/btcusdt@trade$/]);
  const { got } = client(t, urls[0] as string);
  await until(() => got[0] === 'hello');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
  const plain = feed('serve', join(t.testdirName, 'plain'), '--port', '0');
  t.match(await plain.said, { urls: [/^ws:\/\/127\.0\.0\.1:\d+\/$/] }, 'a plain file: on any path');
  plain.child.kill('SIGTERM');
  await plain.ended;
  t.match(await feed('serve', file, '--speed', 'fast').ended, { code: 2, stderr: /--speed fast: valid: 1x, 10x, max/ });
  t.match(await feed('serve', `${file}x`).ended, { code: 1, stderr: /no such file; valid: / });
});
