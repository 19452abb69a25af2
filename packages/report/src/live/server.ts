import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { page } from '../html.ts';
import { refusal } from './refusal.ts';
import { liveViewers } from './viewers.ts';

export interface LiveOptions {
  host: string;
  port: number;
  refreshMs: number;
  decisions: string;
  samples: string;
  db: string;
}

/** How long open pages have to read how it ended, ms. */
const LAST_WORDS_MS = 500;

/** Serves the live page until closed. Looks at the files once a refresh, and not at all if no page is open. */
export async function serveLive(options: LiveOptions): Promise<{ url: string; close(): Promise<void> }> {
  const { html, policy } = page('engine and soak', { refresh_ms: options.refreshMs }, 'startLive', "'self'");
  const viewers = liveViewers(options);
  const server = createServer((request, response) => {
    const refused = refusal(request, options.host);
    if (refused !== null) {
      response.writeHead(refused.status, { 'content-type': 'text/plain', ...refused.headers }).end(`${refused.why}\n`);
      return;
    }
    const headers = {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': `${policy}; frame-ancestors 'none'`,
    };
    const path = request.url?.split('?')[0];
    const isHead = request.method === 'HEAD';
    if (path === '/') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
      response.end(isHead ? undefined : html);
    } else if (path !== '/events') response.writeHead(404, headers).end();
    else {
      // `close`: the connection ends with the stream, so that nothing outlives close().
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', connection: 'close' });
      if (isHead) response.end();
      else viewers.welcome(response);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const timer = setInterval(viewers.look, options.refreshMs);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`,
    async close() {
      clearInterval(timer);
      viewers.close();
      // A viewer that does not read must not keep the process.
      const patience = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS);
      await new Promise((resolve) => server.close(resolve));
      clearTimeout(patience);
    },
  };
}
