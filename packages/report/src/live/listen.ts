import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '../html.ts';
import { refusal } from './refusal.ts';
import type { liveViewers } from './viewers.ts';

/** How long open pages have to read how it ended, ms. */
const LAST_WORDS_MS = 500;

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Answers a request that is not refused; `path` is without its query. */
export type Route = (path: string, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Serves what `route` answers until closed. Rejects if the address cannot be had. */
export async function listen(
  { host, port }: { host: string; port: number },
  route: Route,
): Promise<{ url: string; close(): Promise<void> }> {
  // Its import as a module reads every export, among them getters that load undici: 80 ms of each start.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer((request, response) => {
    const refused = refusal(request, host);
    if (refused !== null) {
      response.writeHead(refused.status, { 'content-type': 'text/plain', ...refused.headers }).end(`${refused.why}\n`);
      return;
    }
    Promise.resolve(route(request.url?.split('?')[0] ?? '/', request, response)).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(503, { ...HEADERS, 'content-type': 'text/plain' }).end(`${error.message}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, port: had, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${had}/`,
    async close() {
      // A viewer that does not read must not keep the process.
      const patience = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS);
      await new Promise((resolve) => server.close(resolve));
      clearTimeout(patience);
    },
  };
}

export function sendPage({ html, policy }: Page, request: IncomingMessage, response: ServerResponse): void {
  const headers = { ...HEADERS, 'content-security-policy': `${policy}; frame-ancestors 'none'` };
  response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
  response.end(request.method === 'HEAD' ? undefined : html);
}

/** The stream of events of a live page. */
export function sendEvents(
  viewers: ReturnType<typeof liveViewers>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // `close`: the connection ends with the stream, so that nothing outlives close().
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream', connection: 'close' });
  if (request.method === 'HEAD') response.end();
  else viewers.welcome(response);
}

export function sendNotFound(response: ServerResponse): void {
  response.writeHead(404, HEADERS).end();
}
