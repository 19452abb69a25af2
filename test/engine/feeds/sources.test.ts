import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { Coverage } from '@hybrid-soak/engine/core/coverage.ts';
import { looksLikeTrade } from '@hybrid-soak/engine/core/sampling.ts';
import { startSources } from '@hybrid-soak/engine/feeds/sources.ts';
import t, { type Test } from 'tap';
import type { WebSocket } from 'ws';
import { CONTROL, LIVE } from '../../fixtures/frames.ts';
import { rules, scripted, sourceOf, until } from './scripted-server.ts';

const TRADE = LIVE['binance'];
const BEAT = CONTROL['kraken v2 heartbeat'];

/** Runs the sources; the trades are written down by source, the ledger by its changes. */
function running(t: Test, sources: Source[], own: Partial<Config['connection']> = {}, coalesceMs = 0) {
  const trades: string[] = [];
  const unreachable: number[] = [];
  const ledger: string[] = [];
  const coverage = new Coverage();
  const feed = startSources(
    sources,
    rules(own),
    {
      frame(source, bytes) {
        const traded = looksLikeTrade(bytes);
        if (traded) trades.push(source.name);
        return traded;
      },
      log: () => {},
      unreachable: (ms) => unreachable.push(ms),
      coverage,
    },
    () => coalesceMs,
  );
  t.teardown(() => feed.stop());
  const covered = () => {
    ledger.push(...coverage.take().map(({ is, source, kind }) => `${source} ${kind} ${is}`));
    return ledger;
  };
  return { feed, trades, unreachable, covered };
}

/** Sends the frame at once, and again and again. */
const repeat = (socket: WebSocket, frame: string) => {
  socket.send(frame);
  const timer = setInterval(() => socket.send(frame), 2);
  socket.on('close', () => clearInterval(timer));
};

t.test('a lost source is left for the next, and taken back when it has delivered a trade, not before', async (t) => {
  let probe: WebSocket | undefined;
  const better = await scripted(t, (socket, n) => {
    if (n === 0) socket.close(1011);
    else {
      repeat(socket, BEAT);
      probe = socket;
    }
  });
  const worse = await scripted(t, (socket) => repeat(socket, TRADE));
  const { feed, trades, covered } = running(t, [
    sourceOf(worse.url, { name: 'worse', priority: 2 }),
    sourceOf(better.url, { name: 'better', priority: 1 }),
  ]);
  await until(() => trades.length > 0 && probe !== undefined);
  const before = trades.length;
  await until(() => trades.length > before + 20);
  t.equal(feed.state(), 'connected to worse', 'the probe has delivered no trade');
  t.same(new Set(trades), new Set(['worse']));
  probe?.send(TRADE);
  await until(() => trades.at(-1) === 'better');
  t.equal(feed.state(), 'connected to better');
  t.equal(worse.connections(), 1, 'it was never dropped before');
  t.same(covered(), [
    'better gap begun',
    'better gap ended',
    'worse connected begun',
    'worse failover begun',
    'worse connected ended',
    'worse failover ended',
    'better connected begun',
  ]);
});

t.test('a lost source is left for the next also where its backoff happens to be none', async (t) => {
  const { random } = Math;
  t.teardown(() => {
    Math.random = random;
  });
  Math.random = () => 0;
  const better = await scripted(t, (socket) => socket.close(1011));
  const worse = await scripted(t, (socket) => repeat(socket, TRADE));
  const { trades } = running(t, [sourceOf(better.url), sourceOf(worse.url, { name: 'worse', priority: 2 })]);
  await until(() => trades.length > 0 || better.connections() > 5);
  t.equal(trades[0], 'worse');
});

t.test('a source that refuses is not asked again soon, and the others go on', async (t) => {
  for (const refuse of [
    (socket: WebSocket) => socket.close(1008),
    (socket: WebSocket) => socket.on('message', () => socket.send(CONTROL['kraken v2 refusal'])),
  ]) {
    const refusing = await scripted(t, refuse);
    const worse = await scripted(t, (socket) => repeat(socket, TRADE));
    const { trades } = running(t, [
      sourceOf(refusing.url, { name: 'refusing', priority: 1, exchange: 'kraken-v2', symbol: 'BTC/FOO' }),
      sourceOf(worse.url, { name: 'worse', priority: 2 }),
    ]);
    await until(() => trades.length > 50);
    t.equal(refusing.connections(), 1);
  }
});

t.test('a server that goes in good order is asked again before any other, once', async (t) => {
  for (const code of [1000, 1001, 1012]) {
    const going = await scripted(t, (socket, n) => {
      socket.send(TRADE);
      if (n < 1) socket.close(code);
    });
    const other = await scripted(t, (socket) => repeat(socket, TRADE));
    const { trades } = running(t, [sourceOf(going.url), sourceOf(other.url, { name: 'other', priority: 2 })]);
    await until(() => trades.length >= 2);
    t.same(trades.slice(0, 2), ['a', 'a'], `code ${code}`);
    t.equal(other.connections(), 0);
  }
  const going = await scripted(t, (socket) => socket.close(1001));
  const other = await scripted(t, (socket) => repeat(socket, TRADE));
  const { trades } = running(t, [sourceOf(going.url), sourceOf(other.url, { name: 'other', priority: 2 })]);
  await until(() => trades.length > 0);
  t.equal(trades[0], 'other', 'one that does nothing but go is left');
});

t.test('one source alone is tried until it is back, with the whole outage one gap', async (t) => {
  const { url } = await scripted(t, (socket, n) => {
    if (n < 5) socket.terminate();
    else repeat(socket, TRADE);
  });
  const { trades, covered } = running(t, [sourceOf(url)]);
  await until(() => trades.length > 0);
  t.same(covered(), ['a gap begun', 'a gap ended', 'a connected begun']);
});

t.test('how long every source has been unreachable is told', async (t) => {
  const { unreachable, feed } = running(t, [
    sourceOf('ws://127.0.0.1:1/'),
    sourceOf('ws://127.0.0.1:2/', { name: 'b' }),
  ]);
  await until(() => unreachable.length > 1);
  t.ok((unreachable[1] as number) > (unreachable[0] as number));
  t.match(feed.state(), /^(connecting to|disconnected)/);
});

t.test('while the working source has no trades, others are tried, and the first with a trade takes over', async (t) => {
  const quiet = await scripted(t, (socket) => repeat(socket, BEAT));
  const silent = await scripted(t, (socket) => repeat(socket, BEAT));
  const busy = await scripted(t, (socket) => repeat(socket, TRADE));
  const { trades, covered, feed } = running(
    t,
    [
      sourceOf(quiet.url, { name: 'quiet', priority: 1 }),
      sourceOf(silent.url, { name: 'silent', priority: 2 }),
      sourceOf(busy.url, { name: 'busy', priority: 3 }),
    ],
    { trade_stale_ms: 30 },
  );
  await until(() => trades.length > 0);
  t.equal(feed.state(), 'connected to busy');
  t.same(covered().slice(0, 4), [
    'quiet connected begun',
    'quiet stale begun',
    'quiet connected ended',
    'quiet stale ended',
  ]);
});

t.test(
  'a quiet source that is the only one stays connected, is asked afresh beside it, and is quiet no more',
  async (t) => {
    const sockets: WebSocket[] = [];
    const { url } = await scripted(t, (socket) => {
      repeat(socket, BEAT);
      sockets.push(socket);
    });
    const { feed, covered } = running(t, [sourceOf(url)], { trade_stale_ms: 30 });
    await until(() => sockets.length >= 2);
    t.equal(feed.state(), 'connected to a, no trades');
    sockets[0]?.send(TRADE);
    await until(() => feed.state() === 'connected to a');
    t.same(covered().slice(0, 3), ['a connected begun', 'a stale begun', 'a stale ended']);
  },
);

t.test('a probe that stands takes the place of a working source that is lost', async (t) => {
  let probed = false;
  const better = await scripted(t, (socket, n) => {
    if (n === 0) socket.close(1011);
    else {
      repeat(socket, BEAT);
      probed = true;
    }
  });
  const working: WebSocket[] = [];
  const worse = await scripted(t, (socket) => {
    working.push(socket);
    repeat(socket, TRADE);
  });
  const { feed, covered } = running(t, [
    sourceOf(better.url, { name: 'better' }),
    sourceOf(worse.url, { name: 'worse', priority: 2 }),
  ]);
  await until(() => probed && feed.state() === 'connected to worse');
  working[0]?.terminate();
  await until(() => feed.state() === 'connected to better');
  t.equal(better.connections(), 2);
  t.match(covered().at(-1), 'better connected begun');
});

t.test('nothing is handed over after stop', async (t) => {
  const { url } = await scripted(t, (socket) => repeat(socket, TRADE));
  const { feed, trades } = running(t, [sourceOf(url)]);
  await until(() => trades.length > 0);
  await feed.stop();
  const count = trades.length;
  const other = await scripted(t, (socket) => repeat(socket, TRADE));
  const second = running(t, [sourceOf(other.url)]);
  await until(() => second.trades.length > 5);
  t.equal(trades.length, count);
});

t.test('what had arrived before stop is handed over, also while reads are gathered', async (t) => {
  let peer: WebSocket | undefined;
  const { url } = await scripted(t, (socket) => {
    peer = socket;
    socket.send(TRADE);
  });
  const { feed, trades } = running(t, [sourceOf(url)], {}, 60_000);
  await until(() => trades.length === 1);
  // The reads are paused from the first turn on.
  await new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < 500; n++) peer?.send(TRADE);
  await until(() => peer?.bufferedAmount === 0);
  await feed.stop();
  t.equal(trades.length, 501);
});
