import { stat } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { errorText } from '@hybrid-soak/contract/error-text.ts';
import type { FrameFate } from '@hybrid-soak/engine/core/frame-fate.ts';
import { looksLikeTrade } from '@hybrid-soak/engine/core/sampling.ts';
import { exchangeOf } from '@hybrid-soak/engine/feeds/exchanges/exchanges.ts';
import { connect } from '@hybrid-soak/engine/feeds/websocket.ts';
import t, { type Test } from 'tap';
import type { WebSocket } from 'ws';
import { CONTROL, LIVE } from '../../fixtures/frames.ts';
import { connectionRules, scripted, sourceOf, until } from './scripted-server.ts';

/** Connects and writes down what happens, in order. */
function watched(
  t: Test,
  source: Source,
  own: Partial<Config['connection']> = {},
  fateOf: (frame: Buffer) => FrameFate = (frame) => (looksLikeTrade(frame) ? 'trade' : 'other'),
) {
  const events: string[] = [];
  const bytes: number[] = [];
  const rules = { ...connectionRules(t, own), formatPatienceMs: 30 };
  const connection = connect(source, exchangeOf(source), rules, {
    ready: () => events.push('ready'),
    frame(frame) {
      const fate = fateOf(frame);
      events.push(fate === 'other' ? 'frame' : fate);
      bytes.push(frame.length);
      return fate;
    },
    quiet: (forMs) => events.push(forMs === null ? 'trades again' : 'quiet'),
    leaving: () => events.push('announced'),
    closed: (loss, why, livedMs) => events.push(`${loss}: ${why}`, livedMs > 0 ? 'was open' : 'was never open'),
  });
  t.teardown(() => connection.close());
  const ended = () => events.some((event) => /^(failed|refused|leaving|limited|garbage): /.test(event));
  return { connection, events, bytes, ended: () => until(ended).then(() => events) };
}

const kraken = (url: string, own: Partial<Source> = {}) =>
  sourceOf(url, { exchange: 'kraken-v2', symbol: 'BTC/USD', ...own });

t.test('a server that accepts and says nothing, not even a pong, is left', async (t) => {
  const { url } = await scripted(t, () => {}, { autoPong: false });
  const { ended } = watched(t, sourceOf(url), { first_frame_timeout_ms: 30 });
  t.same(await ended(), ['failed: no first sign of life', 'was open']);
});

t.test('one that never answers the handshake is left', async (t) => {
  const server = createTcp(() => {}).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  t.teardown(() => server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { ended } = watched(t, sourceOf(url), { handshake_timeout_ms: 30 });
  t.match(await ended(), [/^failed: .*handshake/i, 'was never open']);
});

t.test('one that sends half a frame and stops is left: its pong cannot come', async (t) => {
  const { url } = await scripted(t, (socket) => {
    socket.send(LIVE['binance']);
    // Text, 1000 bytes announced, 3 of them sent (RFC 6455, section 5.2).
    (socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(
      Buffer.concat([Buffer.from([0x81, 0x7e, 0x03, 0xe8]), Buffer.from('{"e')]),
    );
  });
  const { ended } = watched(t, sourceOf(url), { ping_interval_ms: 20, pong_timeout_ms: 30 });
  t.same((await ended()).slice(-3), ['trade', 'failed: no pong', 'was open']);
});

t.test('what has arrived is drained, also by a process that was held up meanwhile', async (t) => {
  const servers: WebSocket[] = [];
  const { url } = await scripted(t, (socket) => servers.push(socket));
  const { events, connection } = watched(t, sourceOf(url));
  await until(() => events.includes('ready') && servers.length === 1);
  // As in a signal's handler: the turn that follows comes before the next read.
  await stat('/');
  for (let n = 0; n < 200; n++) servers[0]?.send(LIVE['binance']);
  const drained = connection.drain();
  for (const end = performance.now() + 300; performance.now() < end; );
  await drained;
  t.equal(events.filter((event) => event === 'trade').length, 200);
});

t.test('a ping or a pong is a sign of life: a market without frames stays connected', async (t) => {
  const { url } = await scripted(t, (socket) => {
    const pings = setInterval(() => socket.ping(), 10);
    socket.on('close', () => clearInterval(pings));
  });
  const own = { first_frame_timeout_ms: 3000, idle_timeout_ms: 3000, trade_stale_ms: 6500 };
  const { events } = watched(t, sourceOf(url), own);
  await until(() => events.includes('quiet'));
  t.same(events, ['ready', 'quiet'], 'more than twice the limit without a frame');
});

t.test('one that has gone silent is left by the idle deadline', async (t) => {
  const silent = (socket: WebSocket) => socket.send(LIVE['binance']);
  const { url } = await scripted(t, silent, { autoPong: false });
  const own = { ping_interval_ms: 60_000, idle_timeout_ms: 60 };
  t.match((await watched(t, sourceOf(url), own).ended()).at(-2), /^failed: no sign of life for \d+ ms/);
});

t.test('a source’s own limits win everywhere, longer or shorter', async (t) => {
  const mute = { autoPong: false };
  const { url } = await scripted(t, (socket) => socket.send(LIVE['binance']), mute);
  const shorter = watched(t, sourceOf(url, { idle_timeout_ms: 40 }));
  t.match((await shorter.ended()).at(-2), /^failed: no sign of life for/);
  const { url: other } = await scripted(
    t,
    (socket) => {
      setTimeout(() => socket.send(LIVE['binance']), 150);
    },
    mute,
  );
  const general = { first_frame_timeout_ms: 20, ping_interval_ms: 10, pong_timeout_ms: 20, idle_timeout_ms: 20 };
  const longer = watched(t, sourceOf(other, { idle_timeout_ms: 60_000 }), general);
  await until(() => longer.events.includes('trade'));
  t.same(longer.events, ['ready', 'trade'], 'seven times the general limits without a sign of life');
});

t.test('one that does not answer pings is dead even if TCP is not', async (t) => {
  const { url } = await scripted(t, (socket) => socket.send(LIVE['binance']), { autoPong: false });
  const { ended } = watched(t, sourceOf(url), { ping_interval_ms: 10, pong_timeout_ms: 20 });
  t.equal((await ended()).at(-2), 'failed: no pong');
});

t.test('frames beyond the limit end the connection; 10 MB within it is a frame like any other', async (t) => {
  const huge = `{"type":"${'x'.repeat(10_000_000)}"}`;
  const { url } = await scripted(t, (socket) => socket.send(huge));
  t.match(await watched(t, sourceOf(url), { max_payload_bytes: 1_000_000 }).ended(), [/^failed: max payload/i]);
  const { bytes } = watched(t, sourceOf(url));
  await until(() => bytes.length > 0);
  t.equal(bytes[0], huge.length);
});

for (const [code, loss] of [
  [1000, 'leaving'],
  [1001, 'leaving'],
  [1008, 'refused'],
  [1011, 'failed'],
  [1012, 'leaving'],
  [4000, 'failed'],
] as const)
  t.test(`close code ${code} is taken as ${loss}`, async (t) => {
    const { url } = await scripted(t, (socket) => socket.close(code, 'for a reason'));
    t.same(await watched(t, sourceOf(url)).ended(), [`${loss}: closed ${code} for a reason`, 'was open']);
  });

t.test('a connection cut without a close frame is 1006, a failure', async (t) => {
  const { url } = await scripted(t, (socket) => socket.terminate());
  t.match(await watched(t, sourceOf(url)).ended(), [/^failed: closed 1006/]);
});

t.test('redirects are refused and not followed; so are other answers than 101', async (t) => {
  let followed = 0;
  const server = createHttp((request, response) => {
    if (request.url === '/target') followed++;
    response.writeHead(Number(request.url?.slice(1)), { location: '/target', 'retry-after': '7' }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  t.teardown(() => server.close());
  const base = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [status, loss] of [
    [302, 'refused'],
    [404, 'refused'],
    [429, 'limited'],
    [503, 'failed'],
  ] as const)
    t.same(await watched(t, sourceOf(`${base}/${status}`)).ended(), [
      `${loss}: the handshake was answered ${status}, to ask again after 7 s`,
      'was never open',
    ]);
  t.equal(followed, 0);
});

t.test('a server that does not speak TLS, or stops in the middle of it, is a failure', async (t) => {
  const { url } = await scripted(t, (socket) => socket.send(LIVE['binance']));
  t.match(await watched(t, sourceOf(url.replace('ws:', 'wss:'))).ended(), [/^failed: .*(SSL|TLS)/i, 'was never open']);
  const silent = createTcp(() => {}).listen(0, '127.0.0.1');
  await new Promise((listening) => silent.once('listening', listening));
  t.teardown(() => silent.close());
  const half = sourceOf(`wss://127.0.0.1:${(silent.address() as AddressInfo).port}/`);
  t.match(await watched(t, half, { handshake_timeout_ms: 30 }).ended(), [/^failed: /, 'was never open']);
});

/** A server that answers the first thing it is asked with these frames. */
const answering = (t: Test, frames: string[], asked: string[] = []) =>
  scripted(t, (socket: WebSocket) => {
    socket.on('message', (data) => {
      asked.push(String(data));
      for (const frame of frames) socket.send(frame);
    });
  });

t.test('the subscription is sent after open, and stands when it is acknowledged', async (t) => {
  const asked: string[] = [];
  const { url } = await answering(
    t,
    [CONTROL['kraken v2 status'], CONTROL['kraken v2 acknowledgement'], LIVE['kraken v2']],
    asked,
  );
  const { events } = watched(t, kraken(url));
  await until(() => events.length === 4);
  t.same(events, ['frame', 'ready', 'frame', 'trade']);
  t.same(asked, ['{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":false}}']);
});

t.test('a subscription that is rejected is a refusal, and the frame that says so is handed over', async (t) => {
  const { url } = await answering(t, [CONTROL['kraken v2 refusal'], LIVE['kraken v2']]);
  const { ended } = watched(t, kraken(url));
  t.same(await ended(), [
    'frame',
    'refused: subscription to BTC/USD rejected: Currency pair not supported BTC/FOO',
    'was open',
  ]);
});

t.test('one that is never acknowledged is a failure, whatever else comes', async (t) => {
  const { url } = await scripted(t, (socket) => {
    const beat = setInterval(() => socket.send(CONTROL['kraken v2 heartbeat']), 5);
    socket.on('close', () => clearInterval(beat));
  });
  const { ended } = watched(t, kraken(url), { subscribe_timeout_ms: 300 });
  const events = (await ended()).filter((event) => event !== 'frame');
  t.same(events, ['failed: subscription not acknowledged', 'was open']);
});

t.test('trades ahead of the acknowledgement are an acknowledgement', async (t) => {
  const { url } = await answering(t, [LIVE['kraken v2'], CONTROL['kraken v2 acknowledgement']]);
  const { events } = watched(t, kraken(url));
  await until(() => events.length === 3);
  t.same(events, ['trade', 'ready', 'frame']);
});

t.test('a feed of heartbeats is alive as a socket and stale as a market, until it has a trade', async (t) => {
  let server: WebSocket | undefined;
  const { url } = await scripted(t, (socket) => {
    server = socket;
    const beat = setInterval(() => socket.send(CONTROL['kraken v2 heartbeat']), 5);
    socket.on('close', () => clearInterval(beat));
  });
  const { events } = watched(t, sourceOf(url, { trade_stale_ms: 40 }));
  await until(() => events.includes('quiet'));
  server?.send(LIVE['binance']);
  await until(() => events.includes('trades again'));
  t.same(events.filter((event) => event !== 'frame').slice(0, 4), ['ready', 'quiet', 'trade', 'trades again']);
});

t.test('nothing is called after close', async (t) => {
  const { url } = await scripted(t, (socket) => {
    for (let i = 0; i < 100; i++) socket.send(LIVE['binance']);
  });
  const events: string[] = [];
  const connection = connect(sourceOf(url), undefined, connectionRules(t), {
    ready: () => {},
    frame() {
      events.push('frame');
      connection.close();
      return 'trade';
    },
    quiet: () => events.push('quiet'),
    leaving: () => events.push('leaving'),
    closed: () => events.push('closed'),
  });
  await until(() => events.length > 0);
  const { url: other, connections } = await scripted(t, (socket) => socket.send(LIVE['binance']));
  const { events: later } = watched(t, sourceOf(other));
  await until(() => connections() === 1 && later.length > 0);
  t.same(events, ['frame']);
});

t.test(
  'trades that cannot be read end the connection, heartbeats between them or not, and sampled-out ones prove nothing',
  async (t) => {
    let n = 0;
    const { url } = await scripted(t, (socket) => {
      const timer = setInterval(() => {
        socket.send(LIVE['binance']);
        socket.send(CONTROL['kraken v2 heartbeat']);
      }, 2);
      socket.on('close', () => clearInterval(timer));
    });
    // One in five is read, as with sample_every = 5.
    const garbage = (frame: Buffer): FrameFate => {
      if (!looksLikeTrade(frame)) return 'other';
      return n++ % 5 === 4 ? 'malformed' : 'unparsed';
    };
    const { ended } = watched(t, sourceOf(url), {}, garbage);
    t.same((await ended()).slice(-2), ['garbage: its trades cannot be read', 'was open']);
  },
);

t.test('garbage trades do not keep a market from being stale, sampled out or not', async (t) => {
  let n = 0;
  const { url } = await scripted(t, (socket) => {
    const timer = setInterval(() => socket.send(LIVE['binance']), 4);
    socket.on('close', () => clearInterval(timer));
  });
  const fates = (): FrameFate => (n++ % 5 === 0 ? 'malformed' : 'unparsed');
  const patient = { ...connectionRules(t, { trade_stale_ms: 60 }), formatPatienceMs: 60_000 };
  const events: string[] = [];
  const connection = connect(sourceOf(url), undefined, patient, {
    ready: () => {},
    frame: fates,
    quiet: (forMs) => events.push(forMs === null ? 'trades again' : 'quiet'),
    leaving: () => {},
    closed: () => {},
  });
  t.teardown(() => connection.close());
  await until(() => events.length > 0 && n > 50);
  t.same(events, ['quiet']);
});

t.test('sampled-out trades keep a market alive as long as those that are read are sound', async (t) => {
  let n = 0;
  const { url } = await scripted(t, (socket) => {
    const timer = setInterval(() => socket.send(LIVE['binance']), 4);
    socket.on('close', () => clearInterval(timer));
  });
  const { events } = watched(t, sourceOf(url), { trade_stale_ms: 3000 }, () => (n++ % 20 === 0 ? 'trade' : 'unparsed'));
  const since = performance.now();
  await until(() => performance.now() - since > 4000 && n > 400);
  t.notOk(events.includes('quiet'), `${n} frames`);
});

t.test('an error of several addresses is not empty', async (t) => {
  const { ended } = watched(t, sourceOf('ws://localhost:1/ws/btcusdt@trade?key=secret'));
  const [why = ''] = await ended();
  t.match(why, /^failed: .*ECONNREFUSED/);
  t.notMatch(why, /secret/);
  const several = new AggregateError([
    new Error('connect ECONNREFUSED ::1:9'),
    new Error('connect ETIMEDOUT 1.2.3.4:9'),
  ]);
  t.equal(errorText(several), 'connect ECONNREFUSED ::1:9; connect ETIMEDOUT 1.2.3.4:9');
  t.equal(errorText(Object.assign(new Error(''), { code: 'ECONNRESET' })), 'ECONNRESET');
  t.equal(errorText(new TypeError('')), 'TypeError');
});

t.test('an exchange that asks for it is sent its keep-alive, until the connection ends', async (t) => {
  const said: string[] = [];
  const { url } = await scripted(t, (socket) => socket.on('message', (data) => said.push(String(data))));
  const source = sourceOf(url, { exchange: 'okx', symbol: 'BTC-USDT' });
  const exchange = exchangeOf(source);
  if (exchange === undefined) throw new Error('no okx');
  let closed = false;
  const rules = connectionRules(t);
  const connection = connect(source, { ...exchange, keepAlive: { everyMs: 20, text: 'ping' } }, rules, {
    ready: () => {},
    frame: () => 'other',
    quiet: () => {},
    leaving: () => {},
    closed: () => {
      closed = true;
    },
  });
  await until(() => said.filter((text) => text === 'ping').length >= 3);
  t.match(said[0], /subscribe/);
  connection.close();
  await new Promise((resolve) => setTimeout(resolve, 60));
  t.notOk(closed, 'nothing was sent on a closed socket');
});
