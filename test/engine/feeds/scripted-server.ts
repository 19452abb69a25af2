import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, configSchema, type Source } from '@hybrid-soak/contract/config.ts';
import type { SourcesRules } from '@hybrid-soak/engine/feeds/lanes.ts';
import type { ConnectionRules } from '@hybrid-soak/engine/feeds/websocket.ts';
import { startClock } from '@hybrid-soak/engine/process/clock.ts';
import type { Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';

/** A server of which each connection follows a script; `n` counts them from 0. */
export async function scripted(
  t: Test,
  script: (socket: WebSocket, n: number, request: IncomingMessage) => void,
  options: { autoPong?: boolean } = {},
) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  await new Promise((listening) => server.once('listening', listening));
  let connections = 0;
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    script(socket, connections++, request);
  });
  t.teardown(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/`, connections: () => connections };
}

/** Deadlines of tens of milliseconds; what a test is not about is a minute. */
export const rules = (own: Partial<Config['connection']> = {}): Config['connection'] =>
  configSchema.parse({
    connection: {
      handshake_timeout_ms: 60_000,
      first_frame_timeout_ms: 60_000,
      ping_interval_ms: 60_000,
      pong_timeout_ms: 60_000,
      idle_timeout_ms: 60_000,
      trade_stale_ms: 60_000,
      subscribe_timeout_ms: 60_000,
      backoff_base_ms: 5,
      backoff_max_ms: 20,
      failback_probe_ms: 10,
      ...own,
    },
  }).connection;

/** The same for one connection, with a clock that stops with the test. */
export function connectionRules(t: Test, own: Partial<Config['connection']> = {}): ConnectionRules {
  const clock = startClock();
  t.teardown(() => clock.stop());
  return { connection: rules(own), formatPatienceMs: 60_000, clock, coalesceMs: () => 0 };
}

/** The same for several sources. */
export function sourcesRules(
  t: Test,
  own: Partial<Config['connection']> = {},
  more: Partial<SourcesRules> = {},
): SourcesRules {
  const { connection, clock, coalesceMs } = connectionRules(t, own);
  return { connection, clock, coalesceMs, unreachableMs: 60_000, garbageMs: 60_000, learnt: [], ...more };
}

export const sourceOf = (url: string, own: Partial<Source> = {}): Source => ({
  name: 'a',
  url,
  kind: 'ticker',
  priority: 1,
  ...own,
});

/** Resolves when the condition holds. Rejects if it does not within five minutes. */
export async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 300_000; !condition(); ) {
    if (performance.now() > deadline) throw new Error(`not within five minutes: ${condition.toString()}`);
    await new Promise((again) => setTimeout(again, 2));
  }
}
