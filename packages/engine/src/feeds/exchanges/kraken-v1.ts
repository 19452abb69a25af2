import { positiveDecimal, secondsMillis } from '../../core/decimal.ts';
import { isObject } from '../../core/json.ts';
import { isMarket, krakenToday, symbolText } from '../../core/symbol.ts';
import type { Mapped, Trade } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradeOf } from './exchange.ts';

/**
 * Kraken v1 (https://docs.kraken.com/api/docs/websocket-v1/trade): arrays, the channel's name second from the end, several
 * prints a frame, and no trade ids, so that neither duplicates nor holes can be recognised:
 *
 *     [channelID,[["5541.20000","0.15850568","1534614057.321597","s","l",""],…],"trade","XBT/USD"]
 */
export const krakenV1: Exchange = {
  name: 'kraken-v1',
  subscribe: (symbol) => [JSON.stringify({ event: 'subscribe', pair: [symbol], subscription: { name: 'trade' } })],
  reply(frame, symbol) {
    if (frame['event'] === 'error') return rejected(frame['errorMessage']);
    if (frame['event'] !== 'subscriptionStatus') return undefined;
    if (frame['status'] === 'error') return rejected(frame['errorMessage']);
    return frame['status'] === 'subscribed' && isMarket(frame['pair'], symbol) ? ACCEPTED : undefined;
  },
  map(frame) {
    if (Array.isArray(frame)) return mapArray(frame);
    if (!isObject(frame)) return undefined;
    const { event, status } = frame;
    if (event === 'systemStatus' && typeof status === 'string' && status !== 'online')
      return { is: 'control', notice: notOnline(status) };
    return typeof event === 'string' && EVENTS.has(event) ? { is: 'control' } : undefined;
  },
};

const EVENTS = new Set(['heartbeat', 'subscriptionStatus', 'systemStatus', 'pong', 'error']);

/** For the log: `maintenance`, `cancel_only`, `limit_only`, `post_only`. */
export const notOnline = (status: string): string => `the exchange announces: ${status.slice(0, 40)}`;

function mapArray(frame: unknown[]): Mapped | undefined {
  const channel = frame.at(-2);
  if (frame.length < 4 || typeof channel !== 'string') return undefined;
  if (channel !== 'trade') return ignored(channel);
  const name = symbolText(frame.at(-1));
  const symbol = name === undefined ? undefined : krakenToday(name);
  const prints = frame[1];
  if (!Array.isArray(prints) || prints.length === 0) return malformed('no list of prints');
  const trades: Trade[] = [];
  for (const print of prints) {
    const trade = Array.isArray(print) ? tradeOf(parts(print, symbol)) : 'a print is not an array';
    if (typeof trade === 'string') return malformed(trade);
    trades.push(trade);
  }
  return { is: 'trades', trades, numbering: null };
}

const parts = ([price, volume, time]: unknown[], symbol: string | undefined) => ({
  symbol,
  price: positiveDecimal(price),
  volume: positiveDecimal(volume),
  ts: secondsMillis(time),
  tradeId: null,
});
