/**
 * What the end of a connection means for the source. `leaving`: the server closes in good order. `refused`: it does not want
 * this client or this subscription, and asking again soon is rude. `limited`: it says that it is asked too often. `garbage`:
 * it sends trades that cannot be read. `failed`: anything else.
 */
export type Loss = 'leaving' | 'refused' | 'limited' | 'garbage' | 'failed';

/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
export function lossOfClose(code: number): Loss {
  switch (code) {
    case 1000: // normal closure: Binance's, after 24 h
    case 1001: // going away
    case 1012: // service restart
      return 'leaving';
    case 1008: // policy violation
      return 'refused';
    default: // including 1006, no close frame at all
      return 'failed';
  }
}

/** A handshake that was answered otherwise than with 101. A redirect is a refusal: other servers are not contacted. */
export function lossOfStatus(status: number): Loss {
  // 418 is Binance's answer to a client that goes on after 429.
  if (status === 429 || status === 418) return 'limited';
  const temporary = status >= 500 || status === 408 || status === 425;
  return temporary ? 'failed' : 'refused';
}

/** No server is left alone for longer than this: it may have meant something else. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** The rest that a header Retry-After asks for (RFC 9110, section 10.2.3), ms; null if it says none. `wallMs`: the time now. */
export function retryAfterMs(header: string | undefined, wallMs: number): number | null {
  if (header === undefined || header.trim() === '') return null;
  const asked = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - wallMs;
  return Number.isNaN(asked) ? null : Math.min(Math.max(0, asked), LONGEST_RETRY_AFTER_MS);
}
