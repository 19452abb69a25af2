import { randomBytes } from 'node:crypto';
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { hostRefusal } from '@hybrid-soak/contract/host-refusal.ts';
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
  const colon = listen.lastIndexOf(':');
  const at = { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
  // Its import as a module reads every export, among them getters that load undici: 80 ms of each start.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(async (request, response) => {
    const refused = hostRefusal(request, at.host, ownNames);
    if (refused !== null) {
      response.writeHead(refused.status, refused.headers).end(`${refused.why}\n`);
      return;
    }
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n');
      return;
    }
    response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(await exposition(read()));
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('error', (error) => log.warn({ err: error, listen }, 'metrics cannot be served now'));
  server.on('listening', () => log.info({ listen: server.address() }, 'metrics are served'));
  const open = () => {
    if (!server.listening) server.listen(at);
  };
  open();
  clock.every(TRY_AGAIN_MS, open);
}

const ownNames = (): string[] => [
  hostname().toLowerCase(),
  ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
];

/** Replaced as a whole, so that a reader never sees half of it; a write that hangs is not followed by another. */
function keepTextfile(path: string, read: () => Measured, clock: Clock, log: Logger): void {
  const warn = atMostEvery(MINUTE_MS, (error: unknown) =>
    log.warn({ err: error, path }, 'metrics cannot be written now'),
  );
  let writing = false;
  const write = async () => {
    if (writing) return;
    writing = true;
    // Random and new: in a folder that others may write, nobody can have put a link there.
    const temporary = `${path}.${randomBytes(9).toString('hex')}`;
    try {
      await refuseOther(path);
      await writeFile(temporary, await exposition(read()), { flag: 'wx' });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      warn(error);
    } finally {
      writing = false;
    }
  };
  void write();
  clock.every(TEXTFILE_MS, () => void write());
}

/** A rename replaces whatever is there, a device too. A link is replaced and never followed. */
async function refuseOther(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found !== null && !found.isFile() && !found.isSymbolicLink())
    throw new Error(`${path}: is not a file; valid: a file, or nothing yet`);
}
