import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { escapeJson } from '../escape-json.ts';
import { page } from '../html.ts';
import { engineViewer } from './database.ts';
import { refusal } from './refusal.ts';
import { runFollower } from './run-follower.ts';

export interface LiveOptions {
  host: string;
  port: number;
  refreshMs: number;
  decisions: string;
  samples: string;
  db: string;
}

const MAX_VIEWERS = 64;
/** A viewer that has not read this much is gone, or too slow: it may come again. */
const MAX_UNREAD_BYTES = 8 << 20;

/** Serves the live page until closed. One look at the files a refresh, for all viewers together, and none without one. */
export async function serveLive(options: LiveOptions): Promise<{ url: string; close(): Promise<void> }> {
  const { html, policy } = page('engine and soak', null, 'startLive', "'self'");
  const run = runFollower(options);
  const engine = engineViewer(options.db);
  const viewers = new Set<ServerResponse>();
  const tell = (viewer: ServerResponse, event: string, data: unknown) => {
    if (viewer.writableLength > MAX_UNREAD_BYTES) viewer.destroy();
    else viewer.write(`event: ${event}\ndata: ${escapeJson(data)}\n\n`);
  };
  const tellAll = (event: string, data: unknown) => {
    for (const viewer of viewers) tell(viewer, event, data);
  };
  const dismiss = (viewer: ServerResponse) => {
    viewers.delete(viewer);
    if (viewer.writableLength > 0) return void viewer.destroy();
    tell(viewer, 'dismissed', null);
    viewer.end();
  };
  let alive = false;
  const look = () => {
    if (viewers.size === 0) return;
    const news = run.poll();
    const wasAlive = alive;
    alive = run.alive(Date.now());
    if (news.begin || alive !== wasAlive) tellAll('run', run.snapshot(Date.now()));
    else if (news.rows.length + news.decisions.length > 0) tellAll('news', news);
    tellAll('engine', engine.look(Date.now()));
  };
  const welcome = (viewer: ServerResponse) => {
    // Viewers that are connected already must not miss what is found now.
    if (viewers.size > 0) look();
    else run.poll();
    alive = run.alive(Date.now());
    tell(viewer, 'run', run.snapshot(Date.now()));
    tell(viewer, 'engine', engine.look(Date.now()));
  };
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
    if (path === '/') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
      response.end(request.method === 'HEAD' ? undefined : html);
    } else if (path !== '/events') response.writeHead(404, headers).end();
    else {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
      if (request.method === 'HEAD') return void response.end();
      response.on('close', () => viewers.delete(response));
      // Connections that nobody closed must not keep a person out.
      if (viewers.size >= MAX_VIEWERS) dismiss(oldestIdle(viewers));
      welcome(response);
      viewers.add(response);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const timer = setInterval(look, options.refreshMs);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`,
    async close() {
      clearInterval(timer);
      for (const viewer of viewers) viewer.destroy();
      await new Promise((resolve) => server.close(resolve));
      run.close();
      engine.close();
    },
  };
}

/** The oldest of those that do not read what they are sent, else the oldest. */
function oldestIdle(viewers: Set<ServerResponse>): ServerResponse {
  const all = [...viewers];
  return all.find((viewer) => viewer.writableLength > 0) ?? (all[0] as ServerResponse);
}
