import { OpenGaps } from '@hybrid-soak/engine/core/dedupe/open-gaps.ts';
import t from 'tap';
import { marketsOf } from '../../ticks.ts';

const [A, B] = marketsOf('BTCUSDT', 'ETHUSDT');

t.test('open gaps and the trades in them are counted by market, until they are closed', async (t) => {
  const gaps = new OpenGaps();
  const change = (is: 'opened' | 'closed', market = A!, from = '11', to = '15') =>
    gaps.follow({
      is,
      source: 'a',
      market,
      from,
      to,
      ...(is === 'opened' ? { detectedAt: 0 } : { closedAt: 0 }),
    } as never);
  change('closed');
  t.same([gaps.count, gaps.missing], [0, 0], 'of an earlier life');
  change('opened');
  change('opened', B!, '9007199254740993', '9007199254740993');
  t.same([gaps.count, gaps.missing], [2, 6]);
  t.match(gaps.worst(1), [{ source: 'a', market: /BTCUSDT$/, gaps: 1, missing: 5 }]);
  t.equal(gaps.worst(9).length, 2);
  change('closed');
  t.same([gaps.count, gaps.missing], [1, 1]);
  t.match(gaps.worst(9), [{ market: /ETHUSDT$/, gaps: 1, missing: 1 }]);
});
