/**
 * What the end of a connection means for the source. `leaving`: the server says that it goes, not that anything is wrong.
 * `refused`: it does not want this client, and asking again soon is rude. `failed`: anything else.
 */
export type Loss = 'leaving' | 'refused' | 'failed';

/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
export function lossOfClose(code: number): Loss {
  switch (code) {
    case 1000: // normal closure: Binance's, after 24 h
    case 1001: // going away
    case 1012: // service restart
      return 'leaving';
    case 1008: // policy violation
      return 'refused';
    default: // 1006, no close frame at all, among them
      return 'failed';
  }
}

/** A handshake that was answered otherwise than with 101. A redirect is a refusal: nobody else's server is talked to. */
export function lossOfStatus(status: number): Loss {
  const temporary = status >= 500 || status === 408 || status === 425;
  return temporary ? 'failed' : 'refused';
}
