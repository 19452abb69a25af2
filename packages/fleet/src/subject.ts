/** Kinds of rows of the engine's database, and of lines of its logs, that a host ships. */
export const TABLE_KINDS = ['ticks', 'gaps', 'coverage', 'signals', 'orders'] as const;
export const LINE_KINDS = ['decisions', 'summaries', 'samples'] as const;
export type TableKind = (typeof TABLE_KINDS)[number];
export type LineKind = (typeof LINE_KINDS)[number];

/** A market is a venue and its symbol on the wire. */
export interface MarketKey {
  venue: string;
  symbol: string;
}

const encoder = new TextEncoder();
const KEPT = /[A-Za-z0-9_-]/;

/**
 * A text as one token of a subject: each byte outside `[A-Za-z0-9_-]` becomes `%XX`. The empty
 * text is `%`, since a token is never empty.
 */
export function token(text: string): string {
  if (text === '') return '%';
  return Array.from(encoder.encode(text), (byte) => {
    const char = String.fromCharCode(byte);
    return KEPT.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** The text of a token; undefined if `token` never makes it. */
export function textOf(escaped: string): string | undefined {
  if (escaped === '%') return '';
  try {
    const text = decodeURIComponent(escaped);
    return token(text) === escaped ? text : undefined;
  } catch {
    return undefined;
  }
}

/** A token without a percent sign, for names of streams and keys: nats-server 2.9 takes a stream's name for a format. */
export const nameOf = (text: string): string => token(text).replaceAll('%', '=');

/** The text of such a name; undefined if `nameOf` never makes it. */
export const nameIn = (name: string): string | undefined => textOf(name.replaceAll('=', '%'));

/** The stream that holds what one host shipped. */
export const streamOf = (host: string): string => `soak-${nameOf(host)}`;

/** The host of a stream's name; undefined if it is another stream. */
export const hostOf = (stream: string): string | undefined =>
  stream.startsWith('soak-') ? nameIn(stream.slice('soak-'.length)) : undefined;

/** `soak.<host>.<kind>[.<venue>.<symbol>]` */
export function subjectOf(host: string, kind: TableKind | LineKind, market: MarketKey | null = null): string {
  const subject = `soak.${token(host)}.${kind}`;
  return market === null ? subject : `${subject}.${token(market.venue)}.${token(market.symbol)}`;
}

/** `market.<venue>.<symbol>` */
export const mergedSubject = ({ venue, symbol }: MarketKey): string => `market.${token(venue)}.${token(symbol)}`;

/** Where answers to a host's program go: permissions keep other hosts from reading there. */
export const inboxOf = (host: string): string => `_INBOX_${nameOf(host)}`;

/** The stream of all merged markets. */
export const MERGED_STREAM = 'market';
