/**
 * What became of a frame, for its connection. `trade`: live trades that were read. `unparsed`: it looks like a trade and was
 * sampled out, so that it is neither good nor bad. `malformed`: it could not be read. `leaving`: the exchange announces that it
 * will close this connection. `other`: anything else, history and heartbeats included.
 */
export type FrameFate = 'trade' | 'unparsed' | 'malformed' | 'leaving' | 'other';
