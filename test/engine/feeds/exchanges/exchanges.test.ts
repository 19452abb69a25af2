import { EXCHANGE_NAMES } from '@hybrid-soak/contract/config.ts';
import { EXCHANGE_SITES, venueOf } from '@hybrid-soak/engine/core/exchanges.ts';
import type { JsonObject } from '@hybrid-soak/engine/core/json.ts';
import { EXCHANGES, exchangeOf } from '@hybrid-soak/engine/feeds/exchanges/exchanges.ts';
import t from 'tap';
import { BITFINEX, CONTROL, HISTORY, IGNORED, LIVE } from '../../../fixtures/frames.ts';

const byName = (name: string) => {
  const exchange = EXCHANGES.find((known) => known.name === name);
  if (exchange === undefined) throw new Error(name);
  return exchange;
};
const site = (name: string) => {
  const known = EXCHANGE_SITES.find((one) => one.name === name);
  if (known === undefined) throw new Error(name);
  return known;
};
const reply = (name: string, raw: string, symbol: string) => byName(name).reply(JSON.parse(raw) as JsonObject, symbol);

t.test('each name of the configuration is an exchange, once', async (t) => {
  t.same(EXCHANGES.map(({ name }) => name).sort(), [...EXCHANGE_NAMES].sort());
  t.same(EXCHANGE_SITES.map(({ name }) => name).sort(), [...EXCHANGE_NAMES].sort());
  for (const { name, asks } of EXCHANGE_SITES) t.equal(byName(name).subscribe('BTCUSD').length > 0, asks, name);
});

t.test('an exchange is recognised by the URL of its source', async (t) => {
  for (const [url, name] of [
    ['wss://stream.binance.com:9443/ws/btcusdt@trade', 'binance'],
    ['wss://stream.binance.us/stream?streams=btcusdt@trade/ethusdt@trade', 'binance'],
    ['ws://127.0.0.1:9001/ws/btcusdt@trade', 'binance'],
    ['wss://api.gemini.com/v1/marketdata/btcusd', 'gemini-v1'],
    ['ws://127.0.0.1:9001/v1/marketdata/btcusd', 'gemini-v1'],
    ['wss://api.gemini.com/v2/marketdata', 'gemini-v2'],
    ['wss://ws.gemini.com', 'gemini-v3'],
    ['wss://ws.gemini.com?snapshot=-1', 'gemini-v3'],
    ['wss://ws-feed.exchange.coinbase.com', 'coinbase-exchange'],
    ['wss://ws-feed-public.sandbox.exchange.coinbase.com', 'coinbase-exchange'],
    ['wss://advanced-trade-ws.coinbase.com', 'coinbase-advanced'],
    ['wss://ws.kraken.com/v2', 'kraken-v2'],
    ['wss://ws.kraken.com/v2/', 'kraken-v2'],
    ['ws://127.0.0.1:9001/v2', 'kraken-v2'],
    ['ws://127.0.0.1:9001/v2/marketdata', 'gemini-v2'],
    ['wss://ws.kraken.com', 'kraken-v1'],
    ['wss://ws.kraken.com/', 'kraken-v1'],
    ['wss://fstream.binance.com/ws/btcusdt@trade', 'binance'],
    ['wss://dstream.binance.com/ws/btcusd_perp@trade', 'binance'],
    ['wss://stream.bybit.com/v5/public/spot', 'bybit'],
    ['ws://127.0.0.1:9001/v5/public/linear', 'bybit'],
    ['wss://ws.okx.com:8443/ws/v5/public', 'okx'],
    ['wss://wseea.okx.com:8443/ws/v5/business', 'okx'],
    ['wss://ws.bitstamp.net', 'bitstamp'],
    ['wss://api-pub.bitfinex.com/ws/2', 'bitfinex'],
    ['ws://127.0.0.1:9001/', undefined],
    ['wss://notbinance.com/feed', undefined],
  ] as const)
    t.equal(exchangeOf({ url })?.name, name, url);
});

t.test('an explicit exchange outranks the URL', async (t) => {
  t.equal(exchangeOf({ url: 'ws://127.0.0.1:9001/', exchange: 'kraken-v2' })?.name, 'kraken-v2');
  t.equal(exchangeOf({ url: 'wss://ws.kraken.com', exchange: 'gemini-v3' })?.name, 'gemini-v3');
});

t.test('symbols are spelled as each exchange spells them', async (t) => {
  const spelled = Object.fromEntries(EXCHANGE_SITES.map((known) => [known.name, known.wireSymbol('BTCUSD')]));
  t.same(spelled, {
    binance: 'BTCUSD',
    'gemini-v1': 'BTCUSD',
    'gemini-v2': 'BTCUSD',
    'gemini-v3': 'btcusd',
    'coinbase-exchange': 'BTC-USD',
    'coinbase-advanced': 'BTC-USD',
    'kraken-v1': 'XBT/USD',
    'kraken-v2': 'BTC/USD',
    bybit: 'BTCUSD',
    okx: 'BTC-USD',
    bitstamp: 'BTCUSD',
    bitfinex: 'tBTCUSD',
  });
  t.equal(site('kraken-v2').wireSymbol('ETH/EUR'), 'ETH/EUR', "a symbol in the exchange's own spelling is left alone");
  t.equal(site('kraken-v2').wireSymbol('ETHUSDT'), 'ETH/USDT');
  for (const text of ['BTCUSD', 'btcusd', 'BTC/USD', 'BTC-USD', 'btc_usd', 'XBT/USD'])
    t.equal(site('coinbase-exchange').wireSymbol(text), 'BTC-USD', text);
  t.same(['ETHBTC', 'DOGEUSD', 'BTC/JPY', 'BTCJPY'].map(site('kraken-v1').wireSymbol), [
    'ETH/XBT',
    'XDG/USD',
    'XBT/JPY',
    'XBT/JPY',
  ]);
  t.same(['BTCUSDT', 'DOGEUSD', 'ETH/USDC', 'USDTUSD', 'tLINK:USD', 'LINKUSDT'].map(site('bitfinex').wireSymbol), [
    'tBTCUST',
    'tDOGE:USD',
    'tETHUDC',
    'tUSTUSD',
    'tLINK:USD',
    'tLINK:UST',
  ]);
  t.equal(site('okx').wireSymbol('BTC-USDT-SWAP'), 'BTC-USDT-SWAP');
});

t.test('subscriptions are the messages of the documentation', async (t) => {
  const sent = (name: string, symbol: string) =>
    byName(name)
      .subscribe(symbol)
      .map((text) => JSON.parse(text));
  t.same(sent('binance', 'BTCUSDT'), []);
  t.same(sent('gemini-v1', 'BTCUSD'), []);
  t.same(sent('gemini-v2', 'BTCUSD'), [{ type: 'subscribe', subscriptions: [{ name: 'l2', symbols: ['BTCUSD'] }] }]);
  t.same(sent('gemini-v3', 'btcusd'), [{ id: '1', method: 'subscribe', params: ['btcusd@trade'] }]);
  t.same(sent('coinbase-exchange', 'BTC-USD'), [
    { type: 'subscribe', product_ids: ['BTC-USD'], channels: ['matches', 'heartbeat'] },
  ]);
  t.same(sent('coinbase-advanced', 'BTC-USD'), [
    { type: 'subscribe', product_ids: ['BTC-USD'], channel: 'market_trades' },
    { type: 'subscribe', product_ids: ['BTC-USD'], channel: 'heartbeats' },
  ]);
  t.same(sent('kraken-v1', 'XBT/USD'), [{ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } }]);
  t.same(sent('kraken-v2', 'BTC/USD'), [
    { method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD'], snapshot: false } },
  ]);
  t.same(sent('bybit', 'BTCUSDT'), [{ op: 'subscribe', args: ['publicTrade.BTCUSDT'] }]);
  t.same(sent('okx', 'BTC-USDT'), [{ op: 'subscribe', args: [{ channel: 'trades', instId: 'BTC-USDT' }] }]);
  t.same(sent('bitstamp', 'BTCUSD'), [{ event: 'bts:subscribe', data: { channel: 'live_trades_btcusd' } }]);
  t.same(sent('bitfinex', 'tBTCUSD'), [{ event: 'subscribe', channel: 'trades', symbol: 'tBTCUSD' }]);
  t.same(
    [byName('bybit').keepAlive, byName('okx').keepAlive],
    [
      { everyMs: 20_000, text: '{"op":"ping"}' },
      { everyMs: 25_000, text: 'ping' },
    ],
  );
});

t.test('acknowledgements and refusals are distinguished', async (t) => {
  const yes = { accepted: true };
  t.same(reply('gemini-v2', HISTORY['gemini v2'], 'BTCUSD'), yes, 'Gemini v2 answers with the book');
  t.same(reply('gemini-v3', CONTROL['gemini v3 acknowledgement'], 'btcusd'), yes);
  t.same(reply('coinbase-exchange', CONTROL['coinbase exchange acknowledgement'], 'BTC-USD'), yes);
  t.same(reply('coinbase-advanced', CONTROL['coinbase advanced acknowledgement'], 'BTC-USD'), yes);
  t.same(reply('kraken-v1', CONTROL['kraken v1 acknowledgement'], 'XBT/USD'), yes);
  t.same(reply('kraken-v2', CONTROL['kraken v2 acknowledgement'], 'BTC/USD'), yes);
  t.same(reply('bybit', CONTROL['bybit acknowledgement'], 'BTCUSDT'), yes);
  t.same(reply('okx', CONTROL['okx acknowledgement'], 'BTC-USDT'), yes);
  t.same(reply('bitstamp', CONTROL['bitstamp acknowledgement'], 'BTCUSD'), yes);
  t.same(reply('bitfinex', BITFINEX.acknowledgement, 'tBTCUSD'), yes);
  t.match(reply('bybit', CONTROL['bybit refusal'], 'FOO'), { accepted: false, why: /Invalid symbol/ });
  t.match(reply('okx', CONTROL['okx refusal'], 'FOO'), { accepted: false, why: /doesn't exist/ });
  t.match(reply('bitstamp', CONTROL['bitstamp refusal'], 'FOO'), { accepted: false, why: /Incorrect JSON/ });
  t.match(reply('bitfinex', CONTROL['bitfinex refusal'], 'tFOO'), { accepted: false, why: 'symbol: invalid' });
  t.match(reply('coinbase-exchange', CONTROL['coinbase exchange refusal'], 'BTC-FOO'), {
    accepted: false,
    why: /valid product/,
  });
  t.match(reply('kraken-v1', CONTROL['kraken v1 refusal'], 'FOO/USD'), { accepted: false, why: /not supported/ });
  t.match(reply('kraken-v2', CONTROL['kraken v2 refusal'], 'BTC/FOO'), { accepted: false, why: /not supported/ });
  t.match(reply('gemini-v3', '{"id":"1","status":400,"error":{"code":-1,"msg":"Invalid stream"}}', 'x'), {
    accepted: false,
    why: 'Invalid stream',
  });
  t.match(reply('gemini-v2', '{"result":"error","reason":"InvalidSymbol","message":"no such"}', 'x'), {
    why: 'no such',
  });
});

t.test('an acknowledgement may be cumulative, rename channels and name other markets as well', async (t) => {
  const exchange =
    '{"type":"subscriptions","channels":[{"name":"level2_50","product_ids":["ETH-USD"],"account_ids":null},{"name":"matches","product_ids":["ETH-USD","BTC-USD"],"account_ids":null}]}';
  t.same(reply('coinbase-exchange', exchange, 'BTC-USD'), { accepted: true });
  const advanced = (subscriptions: object) =>
    reply('coinbase-advanced', JSON.stringify({ channel: 'subscriptions', events: [{ subscriptions }] }), 'BTC-USD');
  t.equal(advanced({ heartbeats: ['heartbeats'] }), undefined, 'of another channel alone');
  t.same(advanced({ heartbeats: ['heartbeats'], market_trades: ['ETH-USD', 'BTC-USD'] }), { accepted: true });
});

t.test('an acknowledgement of another symbol, and any other frame, says nothing', async (t) => {
  t.equal(reply('coinbase-exchange', CONTROL['coinbase exchange acknowledgement'], 'ETH-USD'), undefined);
  t.equal(reply('kraken-v2', CONTROL['kraken v2 acknowledgement'], 'ETH/USD'), undefined);
  const others = [...Object.values(IGNORED), LIVE['kraken v2'], LIVE['coinbase exchange'], '{"type":{},"result":[]}'];
  for (const { name } of EXCHANGES)
    for (const raw of others)
      if (raw.startsWith('{') && raw !== IGNORED['gemini v2 book'])
        t.equal(reply(name, raw, 'BTCUSD'), undefined, `${name} ${raw.slice(0, 60)}`);
});

t.test('odd types in a reply do not throw', async (t) => {
  for (const { name } of EXCHANGES)
    for (const raw of [
      '{"event":"subscriptionStatus","status":"subscribed","pair":{"toString":1}}',
      '{"channel":"subscriptions","events":[{"subscriptions":null},{"subscriptions":{"a":1}}]}',
      '{"type":"error","message":{"toString":1},"reason":null}',
      '{"method":"subscribe","success":true,"result":7}',
      '{"type":"l2_updates","symbol":{"toString":1}}',
    ])
      t.doesNotThrow(() => reply(name, raw, 'BTCUSD'));
});

t.test('a venue is the exact host: spot, futures, national sites and unknown hosts share no ids', async (t) => {
  for (const [url, venue] of [
    ['wss://stream.binance.com:9443/ws/btcusdt@trade', 'stream.binance.com'],
    ['wss://stream.binance.com/ws/btcusdt@trade', 'stream.binance.com'],
    ['wss://data-stream.binance.vision/ws/btcusdt@trade', 'stream.binance.com'],
    ['wss://fstream.binance.com/ws/btcusdt@trade', 'fstream.binance.com'],
    ['wss://dstream.binance.com/ws/btcusd_perp@trade', 'dstream.binance.com'],
    ['wss://stream.binance.us:9443/ws/btcusdt@trade', 'stream.binance.us'],
    ['wss://stream.binance.tr/ws/btcusdt@trade', 'stream.binance.tr'],
    ['wss://stream.testnet.binance.vision/ws/btcusdt@trade', 'stream.testnet.binance.vision'],
    ['wss://api.gemini.com/v1/marketdata/btcusd', 'api.gemini.com'],
    ['wss://ws.gemini.com', 'api.gemini.com'],
    ['wss://ws.sandbox.gemini.com', 'api.sandbox.gemini.com'],
    ['wss://advanced-trade-ws.coinbase.com', 'ws-feed.exchange.coinbase.com'],
    ['wss://ws-feed-public.sandbox.exchange.coinbase.com', 'ws-feed-public.sandbox.exchange.coinbase.com'],
    ['wss://stream.bybit.com/v5/public/spot', 'stream.bybit.com/spot'],
    ['wss://stream.bybit.com/v5/public/linear', 'stream.bybit.com/linear'],
    ['wss://mirror.example/ws/btcusdt@trade', 'mirror.example'],
    ['ws://127.0.0.1:9001/ws/btcusdt@trade', '127.0.0.1:9001'],
    ['ws://localhost:9002/', 'localhost:9002'],
  ] as const)
    t.equal(venueOf({ url }), venue, url);
  t.equal(venueOf({ url: 'ws://127.0.0.1:9001/', venue: 'mine' }), 'mine', 'an explicit name outranks the host');
});
