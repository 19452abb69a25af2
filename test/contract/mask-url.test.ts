import { maskUrls } from '@hybrid-soak/contract/mask-url.ts';
import t from 'tap';

t.test('user, password and query of a URL are masked, host and path are not', async (t) => {
  for (const [text, masked] of [
    ['wss://me:secret@host:9443/feed?key=1', 'wss://***@host:9443/feed?***'],
    ['wss://token@host', 'wss://***@host'],
    ['wss://host/ws/btcusdt@trade', 'wss://host/ws/btcusdt@trade'],
    ['wss://me:p@ss@host/ws/btcusdt@trade', 'wss://***@host/ws/btcusdt@trade'],
    ['two: ws://a:b@c/d and ws://e?f', 'two: ws://***@c/d and ws://e?***'],
    ['ws://me:sec/ret@host', 'ws://***@host'],
    ['no URL: a@b?c', 'no URL: a@b?c'],
  ] as const)
    t.equal(maskUrls(text), masked);
});
