import { proxyFault, proxyFor } from '@hybrid-soak/engine/core/proxy.ts';
import t from 'tap';

const URL = 'wss://ws.exchange.test/x';

t.test('a proxy is named in lower or upper case, with or without a scheme', async (t) => {
  for (const [env, proxy] of [
    [{ HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    [{ https_proxy: 'http://p:3128', HTTPS_PROXY: 'http://q:1' }, 'http://p:3128/'],
    [{ https_proxy: ' ', HTTPS_PROXY: ' http://p:3128 ' }, 'http://p:3128/'],
    [{ HTTPS_PROXY: 'p:3128' }, 'http://p:3128/'],
    [{ HTTPS_PROXY: '10.0.0.1:3128' }, 'http://10.0.0.1:3128/'],
    [{ HTTPS_PROXY: 'me:p%40ss@p:3128' }, 'http://me:p%40ss@p:3128/'],
    [{ HTTPS_PROXY: 'https://[::1]:3128' }, 'https://[::1]:3128/'],
    [{ HTTPS_PROXY: '' }, null],
    [{}, null],
  ] as const) {
    t.equal(proxyFor(URL, env), proxy, JSON.stringify(env));
    t.equal(proxyFault(env), undefined);
  }
  t.equal(proxyFor('WSS://ws.exchange.test', { HTTPS_PROXY: 'http://p:1' }), 'http://p:1/');
  t.equal(proxyFor('ws://ws.exchange.test', { HTTPS_PROXY: 'http://p:1' }), null);
});

t.test('a proxy of another kind is a fault, and its password is in no text', async (t) => {
  for (const HTTPS_PROXY of ['socks5://me:secret@p:1', 'http://', '::::', 'ftp://p:1']) {
    t.equal(proxyFor(URL, { HTTPS_PROXY }), null);
    const fault = proxyFault({ HTTPS_PROXY });
    t.match(fault, { valid: /^http:/ }, HTTPS_PROXY);
    t.notMatch(JSON.stringify(fault), /secret/);
  }
});

t.test('NO_PROXY lists hosts, which stand for their subdomains, with a port or without', async (t) => {
  const isDirect = (url: string, NO_PROXY: string) => proxyFor(url, { HTTPS_PROXY: 'http://p:1', NO_PROXY }) === null;
  for (const list of [
    '*',
    'a.b, ws.exchange.test',
    'a.b exchange.test',
    '.exchange.test',
    '*.exchange.test',
    'WS.Exchange.TEST',
    'exchange.test:443',
  ])
    t.ok(isDirect(URL, list), list);
  for (const list of ['', 'a.b', 'xchange.test', 'exchange.test:9443', 'ws.exchange.test.com'])
    t.notOk(isDirect(URL, list), list);
  t.ok(isDirect('wss://exchange.test:9443', 'exchange.test:9443'));
  for (const list of ['::1', '[::1]']) t.ok(isDirect('wss://[::1]:9443', list), list);
  t.notOk(proxyFor(URL, { HTTPS_PROXY: 'http://p:1', no_proxy: 'exchange.test', NO_PROXY: 'a.b' }));
});
