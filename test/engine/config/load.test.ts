import { spawnSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@hybrid-soak/engine/config/load.ts';
import t from 'tap';

t.test('a feed that has to be asked is asked for the config’s symbol, unless its source names one', async (t) => {
  const source = (name: string, url: string, more = '') => `[[source]]\nname = "${name}"\nurl = "${url}"\n${more}\n`;
  const dir = t.testdir({
    'config.toml': '[app]\nsymbol = "ETHUSD"\n[engine]\ningest_mode = "realws"\n',
    'ws_sources.toml':
      source('coinbase', 'wss://ws-feed.exchange.coinbase.com') +
      source('kraken', 'wss://ws.kraken.com/v2', 'symbol = "BTC/USD"') +
      source('local', 'ws://127.0.0.1:9001/', 'exchange = "kraken-v1"') +
      source('plain', 'wss://advanced-trade-ws.coinbase.com', 'symbol = "btcusd"') +
      source('binance', 'wss://stream.binance.com:9443/ws/ethusdt@trade'),
  });
  const loaded = loadConfig(join(dir, 'config.toml'), undefined);
  const symbols = loaded.ok && loaded.value.sources.map(({ symbol }) => symbol);
  t.same(symbols, ['ETH-USD', 'BTC/USD', 'ETH/USD', 'BTC-USD', undefined], 'spelt as the exchange spells it');
});

t.test('the one source of mode mockws is asked for the config’s symbol too', async (t) => {
  const url = 'ws://127.0.0.1:9001/v2/marketdata';
  const dir = t.testdir({ 'config.toml': `[engine]\ningest_mode = "mockws"\nws_url = "${url}"\n` });
  const loaded = loadConfig(join(dir, 'config.toml'), undefined);
  t.same(loaded.ok && loaded.value.sources.map(({ symbol }) => symbol), ['BTCUSD']);
});

t.test('a FIFO, a device, a folder and a huge file are faults at once', async (t) => {
  const dir = t.testdir({ folder: {}, huge: '' });
  spawnSync('mkfifo', [join(dir, 'fifo')]);
  truncateSync(join(dir, 'huge'), 1e12);
  for (const [path, problem] of [
    [join(dir, 'fifo'), /not a regular file/],
    ['/dev/zero', /not a regular file/],
    [join(dir, 'folder'), /EISDIR/],
    [join(dir, 'huge'), /EFBIG/],
  ] as const) {
    const loaded = loadConfig(path, undefined);
    t.match(!loaded.ok && loaded.faults[0], { problem }, path);
  }
});

t.test('a proxy that cannot be used is a fault of the environment, not a connection past it', async (t) => {
  const source = (url: string) => `[[source]]\nname = "a"\nurl = "${url}"\n`;
  const config = '[engine]\ningest_mode = "realws"\n';
  const dir = t.testdir({ 'config.toml': config, tls: source('wss://x/ws/btcusdt@trade'), plain: source('ws://x') });
  const before = process.env['HTTPS_PROXY'];
  t.teardown(() => Object.assign(process.env, before === undefined ? {} : { HTTPS_PROXY: before }));
  process.env['HTTPS_PROXY'] = 'socks5://me:secret@p:1';
  t.teardown(() => delete process.env['HTTPS_PROXY']);
  const load = (sources: string) => loadConfig(join(dir, 'config.toml'), join(dir, sources));
  const loaded = load('tls');
  t.match(!loaded.ok && loaded.faults, [{ key: 'HTTPS_PROXY', valid: /^http:/ }]);
  t.ok(load('plain').ok);
});

t.test('a port that cannot be is a fault', async (t) => {
  const listen = (at: string) => {
    const dir = t.testdir({ 'config.toml': `[metrics]\nlisten = "${at}"\n` });
    return loadConfig(join(dir, 'config.toml'), undefined).ok;
  };
  t.same(['127.0.0.1:65535', '[::1]:0', 'localhost:9464'].map(listen), [true, true, true]);
  t.same(['127.0.0.1:65536', '127.0.0.1:99999', '::1:9464', ':9464', 'h:'].map(listen), [
    false,
    false,
    false,
    false,
    false,
  ]);
});

t.test('an exchange that is not known is a fault that names those that are', async (t) => {
  const dir = t.testdir({
    'config.toml': '[engine]\ningest_mode = "realws"\n',
    'ws_sources.toml': '[[source]]\nname = "a"\nurl = "ws://x"\nexchange = "kraken"\n',
  });
  const loaded = loadConfig(join(dir, 'config.toml'), undefined);
  t.match(!loaded.ok && loaded.faults[0], { key: 'source.0.exchange', line: 4, valid: /kraken-v1, kraken-v2/ });
});
