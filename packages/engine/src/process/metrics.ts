import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import { atMostEvery } from './at-most-every.ts';
import { exposition, type Measured } from './exposition.ts';

const TEXTFILE_MS = 15_000;
const TRY_AGAIN_MS = 30_000;
const MINUTE_MS = 60_000;
const MOST_CONNECTIONS = 16;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `listen`: `HOST:PORT`, served as /metrics. `textfile`: for node_exporter's textfile collector. */
export interface MetricsRules {
  listen?: string | undefined;
  textfile?: string | undefined;
}

/** Exposes what `read` says. What goes wrong is logged and tried again: metrics end nothing. */
export function startMetrics(rules: MetricsRules, read: () => Measured, clock: Clock, log: Logger): void {
  if (rules.listen !== undefined) serve(rules.listen, read, clock, log);
  if (rules.textfile !== undefined) keepTextfile(rules.textfile, read, clock, log);
}

function serve(listen: string, read: () => Measured, clock: Clock, log: Logger): void {
  const server = createServer(async ({ method, url }, response) => {
    if (method !== 'GET' || url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n');
      return;
    }
    response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(await exposition(read()));
  });
  server.maxConnections = MOST_CONNECTIONS;
  const colon = listen.lastIndexOf(':');
  const at = { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
  server.on('error', (error) => log.warn({ err: error, listen }, 'metrics cannot be served now'));
  server.on('listening', () => log.info({ listen: server.address() }, 'metrics are served'));
  const open = () => {
    if (!server.listening) server.listen(at);
  };
  open();
  clock.every(TRY_AGAIN_MS, open);
}

/** Replaced as a whole, so that a reader never sees half of it; a write that hangs is not followed by another. */
function keepTextfile(path: string, read: () => Measured, clock: Clock, log: Logger): void {
  const warn = atMostEvery(MINUTE_MS, (error: unknown) =>
    log.warn({ err: error, path }, 'metrics cannot be written now'),
  );
  let writing = false;
  const write = async () => {
    if (writing) return;
    writing = true;
    try {
      await writeFile(`${path}.tmp`, await exposition(read()));
      await rename(`${path}.tmp`, path);
    } catch (error) {
      warn(error);
    } finally {
      writing = false;
    }
  };
  void write();
  clock.every(TEXTFILE_MS, () => void write());
}
