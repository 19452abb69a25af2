import { frames, requested } from '@hybrid-soak/feed/frames.ts';

/** Frames of one shape, and the keys before their trade's id and its time in milliseconds; null if it is not a number. */
export interface Frames {
  next(nowMs: number): string;
  idKey: string;
  timeKey: string | null;
}

/** What a client at this path is sent: `/coinbase` and `/kraken` besides those of the local exchange. */
export function framesAt(path: string, firstId: number): Frames {
  let id = firstId;
  const price = () => (84_000 + (id % 997) / 100).toFixed(2);
  const size = () => (0.001 + (id % 777) / 1e6).toFixed(8);
  const time = '2026-01-02T03:04:05.123456Z';
  if (path === '/coinbase')
    return {
      // https://docs.cdp.coinbase.com/exchange/websocket-feed/channels#match
      next: () =>
        `{"type":"match","trade_id":${id},"maker_order_id":"ac928c66-ca53-498f-9c13-a110027a60e8","taker_order_id":"132fb6ae-456b-4654-b4e0-d681ac05cea1","side":"sell","size":"${size()}","price":"${price()}","product_id":"BTC-USD","sequence":${id++},"time":"${time}"}`,
      idKey: '"trade_id":',
      timeKey: null,
    };
  if (path === '/kraken')
    return {
      // https://docs.kraken.com/api/docs/websocket-v2/trade
      next: () =>
        `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":${price()},"qty":${size()},"ord_type":"limit","trade_id":${id++},"timestamp":"${time}"}]}`,
      idKey: '"trade_id":',
      timeKey: null,
    };
  const { shape } = requested(path.startsWith('/') ? `ws://local${path}` : path) ?? { shape: 'binance' };
  const { next } = frames(shape, 1, shape === 'binance' ? 'btcusdt' : 'btcusd', firstId);
  return shape === 'binance'
    ? { next, idKey: '"t":', timeKey: '"T":' }
    : { next, idKey: '"tid":', timeKey: '"timestampms":' };
}
