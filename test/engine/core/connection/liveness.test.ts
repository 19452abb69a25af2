import {
  type Clocks,
  isStale,
  judgeLiveness,
  limitsOf,
  restsUntil,
} from '@hybrid-soak/engine/core/connection/liveness.ts';
import { lossOfClose, lossOfStatus } from '@hybrid-soak/engine/core/connection/loss.ts';
import fc from 'fast-check';
import t from 'tap';

const DEADLINES = {
  subscribe_timeout_ms: 10,
  first_frame_timeout_ms: 20,
  idle_timeout_ms: 100,
  ping_interval_ms: 30,
  pong_timeout_ms: 15,
  trade_stale_ms: 1000,
};
const clocks = (own: Partial<Clocks>): Clocks => ({
  openedAt: 0,
  signAt: 0,
  tradeAt: 0,
  pingedAt: 0,
  subscribing: false,
  ...own,
});
const verdict = (own: Partial<Clocks>, now: number) => {
  const judgement = judgeLiveness(clocks(own), DEADLINES, now);
  return judgement.is === 'dead' ? judgement.why : judgement.is;
};

t.test('each deadline has its verdict', async (t) => {
  t.equal(verdict({}, 29), 'alive');
  t.equal(verdict({}, 30), 'ping due');
  t.equal(verdict({ signAt: null }, 20), 'alive', 'the ping at open has the time of the first sign of life');
  t.equal(verdict({ signAt: null }, 21), 'no first sign of life');
  t.equal(verdict({ subscribing: true }, 11), 'subscription not acknowledged');
  t.equal(verdict({ signAt: 0 }, 101), 'no sign of life for 101 ms');
  t.equal(verdict({ pingedAt: 30, signAt: 29 }, 46), 'no pong');
});

t.test('any sign of life since the ping is an answer as good as a pong', async (t) => {
  t.equal(verdict({ pingedAt: 30, signAt: 31 }, 46), 'alive');
  t.equal(verdict({ pingedAt: 30, signAt: 31 }, 60), 'ping due');
});

t.test('a source’s own limits win over each general one', async (t) => {
  t.match(limitsOf({ idle_timeout_ms: 500 }, DEADLINES), {
    first_frame_timeout_ms: 500,
    pong_timeout_ms: 500,
    idle_timeout_ms: 500,
    trade_stale_ms: 1000,
  });
  t.match(limitsOf({ idle_timeout_ms: 5, trade_stale_ms: 7 }, DEADLINES), {
    first_frame_timeout_ms: 20,
    idle_timeout_ms: 5,
    trade_stale_ms: 7,
  });
  t.match(limitsOf({}, DEADLINES), DEADLINES);
});

t.test('a market is stale by its own clock, and not before its subscription stood', async (t) => {
  t.notOk(isStale(clocks({ tradeAt: 5 }), DEADLINES, 1005));
  t.ok(isStale(clocks({ tradeAt: 5, signAt: 1006 }), DEADLINES, 1006));
  t.notOk(isStale(clocks({ tradeAt: null }), DEADLINES, 1e9));
});

t.test('close codes and HTTP statuses are distinguished by what they mean', async (t) => {
  for (const code of [1000, 1001, 1012]) t.equal(lossOfClose(code), 'leaving', String(code));
  t.equal(lossOfClose(1008), 'refused');
  for (const code of [1002, 1006, 1009, 1011, 1013, 4001]) t.equal(lossOfClose(code), 'failed', String(code));
  for (const status of [301, 401, 403, 404]) t.equal(lossOfStatus(status), 'refused', String(status));
  for (const status of [418, 429]) t.equal(lossOfStatus(status), 'limited', String(status));
  for (const status of [408, 500, 502, 503]) t.equal(lossOfStatus(status), 'failed', String(status));
});

t.test('Before the time until which a connection rests, nothing is due', (t) => {
  const at = fc.nat({ max: 5000 });
  const some = fc.record({
    openedAt: at,
    signAt: fc.option(at),
    tradeAt: fc.option(at),
    pingedAt: at,
    subscribing: fc.boolean(),
  });
  fc.assert(
    fc.property(some, fc.nat({ max: 200_000 }), fc.boolean(), (of, now, isQuiet) => {
      if (now >= restsUntil(of, DEADLINES, isQuiet)) return true;
      return judgeLiveness(of, DEADLINES, now).is === 'alive' && (isQuiet || !isStale(of, DEADLINES, now));
    }),
    { numRuns: 2000 },
  );
  t.ok(restsUntil(clocks({ signAt: 1, tradeAt: 1 }), DEADLINES, false) > 0);
  t.end();
});
