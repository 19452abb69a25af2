import { once } from 'node:events';
import { FRAME_SHAPES, frames } from '@hybrid-soak/feed/frames.ts';
import { serve } from '@hybrid-soak/feed/serve.ts';
import t, { type Test } from 'tap';
import WebSocket from 'ws';
import { eventually } from '../eventually.ts';
import { feed } from './feed.ts';

async function exchange(t: Pick<Test, 'teardown'>) {
  const served = await serve({ port: 0, host: '127.0.0.1', rate: 1000, seed: 3 });
  t.teardown(() => served.close());
  return `ws://127.0.0.1:${served.port}`;
}

/** The first `count` frames of a client, or the code that the server closed with. */
function receive(url: string, count: number): Promise<{ frames: string[]; code: number | null }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const got: string[] = [];
    socket.on('message', (data) => {
      got.push(data.toString());
      if (got.length < count) return;
      socket.terminate();
      resolve({ frames: got, code: null });
    });
    socket.on('close', (code) => resolve({ frames: got, code }));
    socket.on('error', reject);
  });
}

t.test('Binance trades, raw and wrapped, with dense ids', async (t) => {
  const base = await exchange(t);
  const raw = (await receive(`${base}/ws/btcusdt@trade`, 50)).frames.map((text) => JSON.parse(text));
  t.match(raw[0], { e: 'trade', s: 'BTCUSDT', p: /^\d+\.\d\d$/, q: /^\d+\.\d{8}$/, T: Number, m: Boolean, M: true });
  t.same(
    raw.map(({ t: id }) => id - raw[0].t),
    raw.map((_, n) => n),
  );
  const wrapped = JSON.parse((await receive(`${base}/stream?streams=btcusdt@trade`, 1)).frames[0] as string);
  t.match(wrapped, { stream: 'btcusdt@trade', data: { e: 'trade', s: 'BTCUSDT' } });
});

t.test('the first id is the one asked for: an exchange that comes back has none twice', async (t) => {
  const served = await serve({ port: 0, host: '127.0.0.1', rate: 1000, seed: 3, firstId: 77 });
  t.teardown(() => served.close());
  const { frames: got } = await receive(`ws://127.0.0.1:${served.port}/ws/btcusdt@trade`, 1);
  t.match(JSON.parse(got[0] as string), { t: 77 });
});

t.test("Gemini's book first, then trades with their paired change and a dense sequence", async (t) => {
  const { frames: got } = await receive(`${await exchange(t)}/v1/marketdata/btcusd`, 20);
  const [book, ...trades] = got.map((text) => JSON.parse(text));
  t.match(book, { type: 'update', events: [{ type: 'change', reason: 'initial' }] });
  t.match(trades[0], {
    timestampms: Number,
    events: [
      { type: 'trade', tid: Number },
      { type: 'change', reason: 'trade' },
    ],
  });
  t.same(
    [book, ...trades].map(({ socket_sequence: n }) => n),
    got.map((_, n) => n),
  );
});

t.test('a rate that no machine makes keeps nobody else waiting; little is kept for who does not read', async (t) => {
  const served = await serve({ port: 0, host: '127.0.0.1', rate: 1e9, seed: 3 });
  t.teardown(() => served.close());
  const url = `ws://127.0.0.1:${served.port}/ws/btcusdt@trade`;
  const unread = new WebSocket(url);
  t.teardown(() => unread.terminate());
  await once(unread, 'open');
  unread.pause();
  for (let client = 1; client <= 2; client++) t.ok((await receive(url, 1000)).frames.length >= 1000);
  let last = -1;
  await eventually(() => {
    const before = last;
    last = served.sent();
    return last === before;
  });
});

t.test('a stream that does not exist is closed with 1008', async (t) => {
  t.match(await receive(`${await exchange(t)}/nothing`, 1), { frames: [], code: 1008 });
});

t.test('the same seed gives the same trades', async (t) => {
  for (const shape of FRAME_SHAPES) {
    const make = (seed: number) => {
      const source = frames(shape, seed, 'btcusd', 1);
      return Array.from({ length: 20 }, (_, n) => source.next(1_700_000_000_000 + n));
    };
    t.same(make(5), make(5));
    t.notSame(make(5), make(6));
  }
});

t.test('a reader that closes the pipe early does not make generate fail', async (t) => {
  const { child, ended } = feed('generate', '--count', '1000000');
  child.stdout?.once('data', () => child.stdout?.destroy());
  t.match(await ended, { code: 0, stderr: '' });
});

t.test('a file that does not exist, is empty or a folder is one line that says what would be right', async (t) => {
  t.match(await feed('serve', 'nosuch').ended, {
    code: 1,
    stdout: '',
    stderr: 'nosuch: no such file; valid: a recording, or one raw frame a line\n',
  });
  t.match(await feed('serve', '/dev/null').ended, {
    code: 1,
    stdout: '',
    stderr: '/dev/null: holds no frame; valid: a recording, or one raw frame a line\n',
  });
  t.match(await feed('serve', import.meta.dirname).ended, { code: 1, stderr: /: is a folder; valid: .*\n$/ });
});

t.test('each shape is generated', async (t) => {
  for (const shape of FRAME_SHAPES) {
    const { stdout, code } = await feed('generate', '--shape', shape, '--count', '3').ended;
    t.equal(code, 0);
    t.equal(stdout.trim().split('\n').length, 3);
  }
  t.match(await feed('generate', '--shape', 'nosuch').ended, {
    code: 2,
    stderr: /valid: binance, gemini, bybit/,
  });
});
