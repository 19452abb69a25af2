import type { Source } from '@hybrid-soak/contract/config.ts';
import type { Backoff } from '../core/connection/backoff.ts';
import { siteOf, siteOfSource } from '../core/exchanges.ts';
import type { FrameOrigin } from '../core/frame-origin.ts';
import type { Exchange } from './exchanges/exchange.ts';
import { exchangeOf } from './exchanges/exchanges.ts';
import { symbolOfUrl } from './exchanges/map-frame.ts';

/** A source with what is known of it before it is connected. */
export interface Lane {
  /** 0 is the best. */
  index: number;
  source: Source;
  exchange: Exchange | undefined;
  backoff: Backoff;
  from: FrameOrigin;
}

/** One lane for each source, the best first. Sources of one exchange and site are kin: they number the same trades. */
export function lanesOf(sources: Source[], newBackoff: () => Backoff): Lane[] {
  const ordered = [...sources].sort((a, b) => a.priority - b.priority);
  const placeOf = (source: Source) => {
    const venue = siteOfSource(source)?.venue;
    return venue === undefined ? source.name : `${venue} ${siteOf(source.url) ?? ''}`;
  };
  return ordered.map((source, index) => {
    const kin = ordered.filter((other) => placeOf(other) === placeOf(source)).map(({ name }) => name);
    const from = {
      name: source.name,
      symbol: symbolOfUrl(source.url) || (source.symbol ?? ''),
      wireSymbol: source.symbol,
      site: siteOf(source.url),
      kin,
    };
    return { index, source, exchange: exchangeOf(source), backoff: newBackoff(), from };
  });
}
