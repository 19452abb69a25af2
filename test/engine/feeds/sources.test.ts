import { once } from 'node:events';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { Backoff } from '@hybrid-soak/engine/core/connection/backoff.ts';
import { chooseNext, raceMs } from '@hybrid-soak/engine/core/connection/choose.ts';
import type { SourceHealth } from '@hybrid-soak/engine/core/connection/health.ts';
import { Coverage } from '@hybrid-soak/engine/core/coverage.ts';
import type { FrameFate } from '@hybrid-soak/engine/core/frame-fate.ts';
import type { FrameOrigin } from '@hybrid-soak/engine/core/frame-origin.ts';
import { looksLikeTrade } from '@hybrid-soak/engine/core/sampling.ts';
import type { SourcesRules } from '@hybrid-soak/engine/feeds/lanes.ts';
import { startSources } from '@hybrid-soak/engine/feeds/sources.ts';
import t, { type Test } from 'tap';
import type { WebSocket } from 'ws';
import { CONTROL, LIVE } from '../../fixtures/frames.ts';
import { scripted, sourceOf, sourcesRules, until } from './scripted-server.ts';

const TRADE = LIVE['binance'];
const BEAT = CONTROL['kraken v2 heartbeat'];

interface Own {
  connection?: Partial<Config['connection']>;
  rules?: Partial<SourcesRules>;
  fateOf?: (source: FrameOrigin, frame: Buffer) => FrameFate;
}

/** Runs the sources; the trades are written down by source, the ledger by its changes. */
function running(t: Test, sources: Source[], own: Own = {}) {
  const trades: string[] = [];
  const hopeless: string[] = [];
  const ledger: string[] = [];
  const learnt: SourceHealth[] = [];
  const logged: string[] = [];
  const coverage = new Coverage(() => ({ wallMs: Date.now(), monoMs: performance.now() }));
  const fateOf = own.fateOf ?? ((_, bytes) => (looksLikeTrade(bytes) ? 'trade' : 'other'));
  const feed = startSources(sources, sourcesRules(t, own.connection, own.rules), {
    frame(source, bytes) {
      const fate = fateOf(source, bytes);
      if (fate === 'trade') trades.push(source.name);
      return fate;
    },
    log: (_level, message, detail) => logged.push(`${message} ${detail?.['source'] ?? ''}`),
    hopeless: (is) => hopeless.push(is),
    learnt: (health) => learnt.push(health),
    coverage,
  });
  t.teardown(() => feed.stop());
  const covered = () => {
    ledger.push(...coverage.take().map(({ is, source, kind }) => `${source} ${kind} ${is}`));
    return ledger;
  };
  return { feed, trades, hopeless, learnt, logged, covered };
}

/** Sends the frame at once, and again and again. */
const repeat = (socket: WebSocket, frame: string) => {
  socket.send(frame);
  const timer = setInterval(() => socket.send(frame), 2);
  socket.on('close', () => clearInterval(timer));
};

/** What the pipeline makes of frames under `sample_every`: a trade that is not parsed is neither good nor bad. */
function sampled(every: number): NonNullable<Own['fateOf']> {
  let trades = 0;
  return (_, bytes) => (!looksLikeTrade(bytes) ? 'other' : ++trades % every === 0 ? 'trade' : 'unparsed');
}

for (const every of [1, 5])
  t.test(
    `a lost source is left for the next, and taken back when it has delivered a trade, not before: 1 in ${every} read`,
    async (t) => {
      let probe: WebSocket | undefined;
      const better = await scripted(t, (socket, n) => {
        if (n === 0) socket.close(1011);
        else {
          repeat(socket, BEAT);
          probe = socket;
        }
      });
      const worse = await scripted(t, (socket) => repeat(socket, TRADE));
      const { feed, trades, covered } = running(
        t,
        [sourceOf(worse.url, { name: 'worse', priority: 2 }), sourceOf(better.url, { name: 'better', priority: 1 })],
        { fateOf: sampled(every) },
      );
      await until(() => trades.length > 0 && probe !== undefined);
      const before = trades.length;
      await until(() => trades.length > before + 20);
      t.equal(feed.state(), 'connected to worse', 'the probe has delivered no trade');
      t.same(new Set(trades), new Set(['worse']));
      if (probe !== undefined) repeat(probe, TRADE);
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
    },
  );

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

t.test('every source unreachable past the deadline is hopeless, and not before each was tried', async (t) => {
  const { hopeless, feed } = running(t, [sourceOf('ws://127.0.0.1:1/'), sourceOf('ws://127.0.0.1:2/', { name: 'b' })], {
    rules: { unreachableMs: 50 },
  });
  await until(() => hopeless.length > 1);
  t.same(new Set(hopeless), new Set(['network']));
  t.match(feed.state(), /^(connecting to|disconnected)/);
  t.equal(feed.connection(), 'disconnected');
});

t.test('sources that accept TCP and never answer cost their time once: the third one serves', async (t) => {
  const silent = async () => {
    const server = createTcp(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };
  const sound = await scripted(t, (socket) => repeat(socket, TRADE));
  const sources = [
    sourceOf(await silent(), { name: 'a', priority: 1 }),
    sourceOf(await silent(), { name: 'b', priority: 2 }),
    sourceOf(sound.url, { name: 'c', priority: 3 }),
  ];
  const own = { connection: { handshake_timeout_ms: 1500, backoff_base_ms: 1 }, rules: { unreachableMs: 10 } };
  const { trades, hopeless, logged } = running(t, sources, own);
  await until(() => trades.length > 0);
  t.same(hopeless, [], 'a source that was not tried yet is a remedy, whatever the deadline');
  const attempts = logged.filter((line) => /lost|probe ended/.test(line)).length;
  t.ok(attempts <= 2, `each was tried once: ${logged.join(', ')}`);
});

for (const every of [1, 5])
  t.test(`a source whose format has changed is lost, and the next one serves: 1 in ${every} read`, async (t) => {
    const changed = await scripted(t, (socket) => repeat(socket, TRADE));
    const sound = await scripted(t, (socket) => repeat(socket, TRADE));
    let n = 0;
    const { trades, hopeless, learnt, feed } = running(
      t,
      [sourceOf(changed.url, { name: 'changed', priority: 1 }), sourceOf(sound.url, { name: 'sound', priority: 2 })],
      {
        rules: { garbageMs: 150 },
        fateOf: ({ name }) => (n++ % every > 0 ? 'unparsed' : name === 'changed' ? 'malformed' : 'trade'),
      },
    );
    await until(() => trades.length > 50);
    t.same(new Set(trades), new Set(['sound']));
    t.equal(feed.state(), 'connected to sound', 'a probe of the other with malformed trades does not take over');
    t.same(hopeless, []);
    t.match(learnt, [{ name: 'changed', verdict: 'garbage' }]);
  });

t.test('nothing but garbage from every source that can be reached is hopeless', async (t) => {
  const one = await scripted(t, (socket) => repeat(socket, TRADE));
  const { hopeless } = running(
    t,
    [sourceOf(one.url, { name: 'one' }), sourceOf('ws://127.0.0.1:1/', { name: 'gone', priority: 2 })],
    { rules: { garbageMs: 90 }, fateOf: () => 'malformed' },
  );
  await until(() => hopeless.length > 0);
  t.equal(hopeless[0], 'parse');
});

t.test(
  'what was learnt survives the process: a source that was garbage is not the first to be tried again',
  async (t) => {
    const changed = await scripted(t, (socket) => repeat(socket, TRADE));
    const sound = await scripted(t, (socket) => repeat(socket, TRADE));
    const sources = [
      sourceOf(changed.url, { name: 'changed', priority: 1 }),
      sourceOf(sound.url, { name: 'sound', priority: 2 }),
    ];
    const first = running(t, sources, {
      rules: { garbageMs: 90 },
      fateOf: ({ name }) => (name === 'changed' ? 'malformed' : 'trade'),
    });
    await until(() => first.trades.length > 0);
    const learnt = first.learnt.slice(-1);
    await first.feed.stop();
    const before = changed.connections();
    const second = running(t, sources, { rules: { learnt } });
    await until(() => second.trades.length > 50);
    t.same(new Set(second.trades), new Set(['sound']));
    t.equal(changed.connections(), before);
  },
);

t.test('an announced end is prepared for: the next connection delivers before the old one is closed', async (t) => {
  const sockets: WebSocket[] = [];
  const { url } = await scripted(t, (socket) => {
    sockets.push(socket);
    repeat(socket, TRADE);
  });
  const announcement = '{"e":"serverShutdown","E":1770123456789}';
  const fateOf = (_: FrameOrigin, frame: Buffer): FrameFate =>
    String(frame) === announcement ? 'leaving' : looksLikeTrade(frame) ? 'trade' : 'other';
  const { trades, covered, feed } = running(t, [sourceOf(url)], { fateOf });
  await until(() => trades.length > 0);
  sockets[0]?.send(announcement);
  await until(() => sockets.length === 2 && sockets[0]?.readyState === 3);
  t.equal(feed.state(), 'connected to a');
  t.notMatch(covered().join(), /gap/);
});

t.test(
  'an announced end of a quiet market: the connection that stands already takes its place without a gap',
  async (t) => {
    const sockets: WebSocket[] = [];
    const { url } = await scripted(t, (socket) => {
      sockets.push(socket);
      socket.send(BEAT);
    });
    const { feed, covered } = running(t, [sourceOf(url)], {
      fateOf: (_, frame) => (String(frame) === 'bye' ? 'leaving' : 'other'),
    });
    await until(() => feed.connection() === 'connected');
    sockets[0]?.send('bye');
    await until(() => sockets.length === 2);
    // A ping that was answered is a sign of life.
    sockets[1]?.ping();
    await once(sockets[1] as WebSocket, 'pong');
    sockets[0]?.close(1001);
    await until(() => sockets[0]?.readyState === 3);
    t.equal(feed.connection(), 'connected');
    t.notMatch(covered().join(), /gap/);
  },
);

t.test(
  'while every source is down none is left alone for more than 10 s, except by its server’s own limit',
  async (t) => {
    const lane = (index: number, loss: 'refused' | 'limited' | 'failed' | null, failedAt: number | null) => {
      const backoff = new Backoff(
        { backoff_base_ms: 500, backoff_max_ms: 30_000, refused_backoff_ms: 300_000, healthy_after_ms: 60_000 },
        () => 1,
      );
      for (let n = 0; n < 9 && loss !== null; n++) backoff.lost(loss, 0, failedAt ?? 0);
      return { index, backoff, failedAt };
    };
    t.equal(lane(0, 'failed', 1000).backoff.readyAtWhileDown(), 11_000);
    t.equal(lane(0, 'refused', 1000).backoff.readyAtWhileDown(), 11_000);
    t.equal(lane(0, 'limited', 1000).backoff.readyAtWhileDown(), 301_000);
    const lanes = [lane(0, 'failed', 3000), lane(1, 'failed', 1000), lane(2, null, null), lane(3, null, null)];
    const next = (lost: number | null, now: number, of = lanes) =>
      chooseNext(of, lost === null ? null : (of[lost] ?? null), now).index;
    t.equal(next(0, 20_000), 2, 'one that has not failed, by priority');
    t.equal(next(2, 20_000), 3);
    t.equal(next(0, 20_000, lanes.slice(0, 2)), 1, 'else the least recently tried');
    t.equal(next(1, 20_000, lanes.slice(0, 2)), 0);
    t.equal(next(0, 5000, lanes.slice(0, 2)), 1, 'else the one that may be tried first');
    t.same([1, 2, 3, 6, 20].map(raceMs), [4000, 4000, 3333, 1666, 1500], 'each has its turn, if none of them answers');
  },
);

for (const every of [1, 5])
  t.test(
    `while the working source has no trades, others are tried, and the first with a trade takes over: 1 in ${every} read`,
    async (t) => {
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
        { connection: { trade_stale_ms: 30 }, fateOf: sampled(every) },
      );
      // In a process that is kept from running for 30 ms it has no trades either for a moment.
      await until(() => feed.state() === 'connected to busy');
      t.ok(trades.length > 0);
      t.same(covered().slice(0, 4), [
        'quiet connected begun',
        'quiet stale begun',
        'quiet connected ended',
        'quiet stale ended',
      ]);
    },
  );

t.test(
  'a quiet source that is the only one stays connected, is asked afresh beside it, and is quiet no more',
  async (t) => {
    const sockets: WebSocket[] = [];
    const { url } = await scripted(t, (socket) => {
      repeat(socket, BEAT);
      sockets.push(socket);
    });
    const { feed, covered } = running(t, [sourceOf(url)], { connection: { trade_stale_ms: 30 } });
    await until(() => sockets.length >= 2);
    t.equal(feed.state(), 'connected to a, no trades');
    repeat(sockets[0] as WebSocket, TRADE);
    await until(() => feed.state() === 'connected to a');
    t.same(covered().slice(0, 3), ['a connected begun', 'a stale begun', 'a stale ended']);
  },
);

for (const every of [1, 5])
  t.test(`a probe that stands takes the place of a working source that is lost: 1 in ${every} read`, async (t) => {
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
    const { feed, covered } = running(
      t,
      [sourceOf(better.url, { name: 'better' }), sourceOf(worse.url, { name: 'worse', priority: 2 })],
      { fateOf: sampled(every) },
    );
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
  const { feed, trades } = running(t, [sourceOf(url)], { rules: { coalesceMs: () => 60_000 } });
  await until(() => trades.length === 1);
  // The reads are paused from the first turn on.
  await new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < 500; n++) peer?.send(TRADE);
  await until(() => peer?.bufferedAmount === 0);
  await feed.stop();
  t.equal(trades.length, 501);
});
