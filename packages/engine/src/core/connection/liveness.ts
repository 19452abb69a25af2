/** The three clocks of a connection and what it waits for, in monotonic milliseconds; null where it has not happened. */
export interface Clocks {
  openedAt: number;
  /** Any sign of the peer: a frame, a ping, a pong. */
  socketAt: number;
  frameAt: number | null;
  /** The last live trade; before the first, when the subscription stood. */
  tradeAt: number | null;
  pingedAt: number | null;
  /** Asked, and not answered yet. */
  subscribing: boolean;
}

export interface Deadlines {
  subscribe_timeout_ms: number;
  first_frame_timeout_ms: number;
  idle_timeout_ms: number;
  ping_interval_ms: number;
  pong_timeout_ms: number;
  trade_stale_ms: number;
}

/** What is to be done about a connection: nothing, a ping, or an end, and why. */
export type Judgement = { is: 'alive' } | { is: 'ping due' } | { is: 'dead'; why: string };

/**
 * A socket that answers is not yet a feed, and a feed of heartbeats is not yet a market: each has its own clock. Exchange
 * time plays no part, since it runs ahead of the receiver's at times.
 */
export function judge(clocks: Clocks, deadlines: Deadlines, now: number): Judgement {
  const { openedAt, socketAt, frameAt, pingedAt, subscribing } = clocks;
  const dead = (why: string): Judgement => ({ is: 'dead', why });
  if (frameAt === null && now - openedAt > deadlines.first_frame_timeout_ms) return dead('no first frame');
  if (subscribing && now - openedAt > deadlines.subscribe_timeout_ms) return dead('subscription not acknowledged');
  const idle = now - (frameAt ?? openedAt);
  if (idle > deadlines.idle_timeout_ms) return dead(`no frame for ${Math.round(idle)} ms`);
  const waiting = pingedAt !== null && socketAt < pingedAt;
  if (waiting && now - pingedAt > deadlines.pong_timeout_ms) return dead('no pong');
  return now - (pingedAt ?? openedAt) >= deadlines.ping_interval_ms && !waiting ? { is: 'ping due' } : { is: 'alive' };
}

/** Connected, and no live trade for the threshold. */
export function isStale({ tradeAt }: Clocks, { trade_stale_ms }: Deadlines, now: number): boolean {
  return tradeAt !== null && now - tradeAt > trade_stale_ms;
}
