/**
 * A text with the secrets of every URL in it masked: user and password, and the query. Host and path stay, so that a log line
 * still says which server it is about. Works on text that is not a valid URL too.
 *
 *     wss://me:secret@host/feed?key=1  ->  wss://***@host/feed?***
 */
export function maskUrls(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s"'`]*)/gi, (url, scheme: string, rest: string) => {
    return scheme + maskRest(rest, URL.canParse(url));
  });
}

/** Parameters by which exchanges are asked for markets: no secret, and a recording is mapped by them. */
const ASKS = ['symbol', 'symbols', 'streams'];

/**
 * A valid URL without user, password, fragment and all parameters but those that name markets.
 *
 *     wss://me:secret@host/stream?streams=btcusdt@trade&key=1  ->  wss://host/stream?streams=btcusdt@trade
 */
export function withoutSecrets(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  const asked = search
    .slice(1)
    .split('&')
    .filter((pair) => ASKS.includes(pair.split('=')[0] ?? ''));
  return `${protocol}//${host}${pathname}${asked.length === 0 ? '' : `?${asked.join('&')}`}`;
}

/** In a valid URL the user part ends ahead of the path; in any other text nothing up to the last `@` is shown. */
function maskRest(rest: string, isValid: boolean): string {
  const query = rest.search(/[?#]/);
  const place = query < 0 ? rest : rest.slice(0, query);
  const path = place.indexOf('/');
  const user = place.lastIndexOf('@', isValid && path >= 0 ? path : place.length);
  const hasQuery = query >= 0 && query < rest.length - 1;
  return `${user < 0 ? place : `***${place.slice(user)}`}${hasQuery ? '?***' : ''}`;
}
