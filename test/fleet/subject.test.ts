import { mergedSubject, subjectOf, textOf, token } from '@hybrid-soak/fleet/subject.ts';
import fc from 'fast-check';
import t from 'tap';

t.test('a token holds nothing that a subject treats in a special way, and gives its text back', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      t.match(token(text), /^[A-Za-z0-9_%-]+$/);
      return textOf(token(text)) === text.toWellFormed();
    }),
  );
  t.equal(textOf('a.b'), undefined);
  t.equal(textOf('%zz'), undefined);
});

t.test('a venue with dots is one token', async (t) => {
  const market = { venue: 'stream.binance.com', symbol: 'btc/usdt' };
  t.equal(subjectOf('h 1', 'ticks', market), 'soak.h%201.ticks.stream%2Ebinance%2Ecom.btc%2Fusdt');
  t.equal(subjectOf('h', 'coverage'), 'soak.h.coverage');
  t.equal(mergedSubject(market), 'market.stream%2Ebinance%2Ecom.btc%2Fusdt');
});
