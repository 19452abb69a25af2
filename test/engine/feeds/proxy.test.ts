import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { eventually } from '../../eventually.ts';
import { LIVE } from '../../fixtures/frames.ts';
import { count, engineWith, folder } from '../engine.ts';
import { certificate, hasOpenssl } from './certificate.ts';

/** An exchange that speaks TLS, and a proxy that connects every host to it; what the proxy was asked. */
async function proxied(t: Test, dir: string) {
  // No resolver knows this host.
  const tls = createHttps(certificate(dir, 'exchange.test'));
  const sockets = new WebSocketServer({ server: tls });
  sockets.on('connection', (socket) => {
    let id = 5000;
    const timer = setInterval(() => socket.send(LIVE['binance'].replace(/(?<=\D)4321(?=\D)/, String(id++))), 5);
    socket.on('close', () => clearInterval(timer));
  });
  const asked: { host: string | undefined; auth: string | undefined }[] = [];
  const proxy = createHttp((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (request, client) => {
    asked.push({ host: request.url, auth: request.headers['proxy-authorization'] });
    const upstream = connect((tls.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const [socket, other] of [
      [upstream, client],
      [client, upstream],
    ] as const)
      socket.on('error', () => {}).on('close', () => other.destroy());
  });
  for (const server of [tls, proxy]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  return { asked, port: (proxy.address() as AddressInfo).port };
}

t.test(
  'HTTPS_PROXY is followed by CONNECT, its password is in no log, and NO_PROXY is an exception',
  { skip: !hasOpenssl && 'openssl is not here' },
  async (t) => {
    const dir = t.testdir({});
    const { asked, port } = await proxied(t, dir);
    const url = 'wss://exchange.test/ws/btcusdt@trade?key=secret';
    const proxy = { HTTPS_PROXY: `http://me:secret@127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: join(dir, 'cert.pem') };
    const cwd = folder(join(dir, 'proxied'), [url], '[engine]\ningest_mode = "realws"\n');
    const { child, ended } = engineWith(proxy, cwd, 'run');
    await eventually(() => count(cwd) > 10);
    child.kill('SIGTERM');
    const { stdout, stderr } = await ended;
    t.equal(asked[0]?.host, 'exchange.test:443');
    t.equal(asked[0]?.auth, `Basic ${Buffer.from('me:secret').toString('base64')}`);
    t.notMatch(stdout + stderr, /secret/);

    const before = asked.length;
    const other = folder(join(dir, 'direct'), [url], '[engine]\ningest_mode = "realws"\nunreachable_deadline_s = 1\n');
    const direct = await engineWith({ ...proxy, NO_PROXY: 'exchange.test' }, other, 'run').ended;
    t.equal(direct.code, 10, 'no resolver knows the host');
    t.equal(asked.length, before);
    t.notMatch(direct.stdout + direct.stderr, /secret/);
  },
);
