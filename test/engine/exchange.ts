import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';
import { WebSocketServer } from 'ws';
import { eventually } from '../eventually.ts';
import { LIVE } from '../fixtures/frames.ts';
import { freePort } from '../free-port.ts';
import { rows } from './engine.ts';

/** An exchange on one port that can be there, or be away in several ways. */
type Way = 'here' | 'gone' | 'silent' | 'accepts and says nothing' | '503';

export async function exchange(t: Test, host = '127.0.0.1') {
  let id = 5000;
  let server: Server | undefined;
  const port = await freePort();
  const open = new Set<Socket>();
  const close = async () => {
    for (const socket of open) socket.destroy();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
    server = undefined;
  };
  const be = async (way: Way) => {
    await close();
    if (way === 'gone') return;
    if (way === 'silent') server = createTcp(() => {});
    else server = createHttp((_request, response) => response.writeHead(503).end());
    if (way === 'here' || way === 'accepts and says nothing') {
      const sockets = new WebSocketServer({ server: server as never, autoPong: way === 'here' });
      sockets.on('connection', (socket) => {
        socket.on('error', () => {});
        if (way !== 'here') return;
        const timer = setInterval(() => socket.send(LIVE['binance'].replace('4321', String(id++))), 20);
        socket.on('close', () => clearInterval(timer));
      });
    }
    if (way === '503')
      server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'));
    server.on('connection', (socket) => {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    });
    server.listen(port, host);
    await once(server, 'listening');
  };
  t.teardown(close);
  await be('here');
  return { be, port };
}

export const state = (cwd: string) =>
  rows<{ state: string; at: number }>(
    cwd,
    'SELECT connection_state AS state, last_flush_ms AS at FROM engine_status',
  )[0];

/** Two more heartbeats. */
export async function beats(cwd: string): Promise<void> {
  const before = state(cwd)?.at ?? 0;
  await eventually(() => (state(cwd)?.at ?? 0) > before + 1000);
}

/** The backoff is as long as it can be: only the bound of a rest while every source is down brings rows in time. */
export const RULES =
  '[engine]\ningest_mode = "realws"\n[connection]\nbackoff_base_ms = 600000\nbackoff_max_ms = 600000\nhandshake_timeout_ms = 3000\nfirst_frame_timeout_ms = 3000\n';
/** A rest of 10 s, an attempt and a commit, on a busy machine; backoffs are ten minutes at most. */
export const BACK_WITHIN_MS = 60_000;
