import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { listPage, page } from '@hybrid-soak/report/html.ts';
import type { TableRow } from '@hybrid-soak/report/live/database.ts';
import { listen, sendEvents, sendNotFound, sendPage } from '@hybrid-soak/report/live/listen.ts';
import { liveViewers } from '@hybrid-soak/report/live/viewers.ts';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectToServers } from '../connect.ts';
import { aliveHosts } from '../hosts.ts';
import { type ChosenSettings, type CommonFlags, loadSettings } from '../settings.ts';
import { lastLine } from '../ship/last-line.ts';
import { HEADER, rowOf } from '../status.ts';
import { hostOf, textOf, token } from '../subject.ts';
import { mirrorHost } from './mirror.ts';

const LIST_S = 5;

/** What is shown of a host that has been opened. */
interface Opened {
  viewers: ReturnType<typeof liveViewers>;
}

export interface Listen {
  host: string;
  port: number;
  refreshMs: number;
}

/**
 * The page of `soak dashboard` for all hosts of a fleet: a list of those that are alive, and for each the page of its run, from
 * what it has shipped. Throws Stop if the configuration names no server.
 */
export async function serveFleet(flags: CommonFlags, at: Listen): Promise<{ url: string; close(): Promise<void> }> {
  const settings = loadSettings(flags);
  const link = linkTo(settings);
  await link.connection();
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-fleet-page-'));
  const stop = new AbortController();
  const opened = new Map<string, Promise<Opened>>();
  const look = async () => {
    for (const one of opened.values()) (await one.catch(() => null))?.viewers.look();
  };
  const open = (host: string): Promise<Opened> => {
    const known = opened.get(host) ?? openHost(link, host, join(folder, token(host)), stop.signal);
    opened.set(host, known);
    known.catch(() => opened.delete(host));
    return known;
  };
  const server = await listen(at, async (path, request, response) => {
    const [, kind, name = '', leaf] = path.split('/');
    const host = textOf(decodeURIComponent(name));
    if (path === '/') return sendPage(await hostList(link), request, response);
    if (kind !== 'host' || host === undefined || !(await link.hosts()).includes(host)) return sendNotFound(response);
    if (leaf === 'events') return sendEvents((await open(host)).viewers, request, response);
    if (leaf === '')
      return sendPage(page(host, { refresh_ms: at.refreshMs }, 'startLive', "'self'"), request, response);
    return sendNotFound(response);
  });
  const timer = setInterval(() => void look(), at.refreshMs);
  return {
    url: server.url,
    async close() {
      clearInterval(timer);
      stop.abort();
      for (const one of opened.values()) (await one.catch(() => null))?.viewers.close();
      await server.close();
      await link.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One connection, made again if it was lost. */
function linkTo(settings: ChosenSettings) {
  let current: Promise<NatsConnection> | null = null;
  const connection = async (): Promise<NatsConnection> => {
    const known = current;
    if (known !== null && (await known.catch(() => null))?.isClosed() === false) return known;
    // Two who ask at once get the same.
    if (current === known) current = connectToServers(settings, 'hybrid-fleet dashboard');
    return current as Promise<NatsConnection>;
  };
  return {
    connection,
    /** The hosts that ship, or did. */
    async hosts(): Promise<string[]> {
      const manager = await jetstream(await connection()).jetstreamManager(false);
      const hosts: (string | undefined)[] = [];
      for await (const name of manager.streams.names('soak.>')) hosts.push(hostOf(name));
      return hosts.filter((host) => host !== undefined);
    },
    close: async () => (await current?.catch(() => null))?.close(),
  };
}

type Link = ReturnType<typeof linkTo>;

async function hostList(link: Link) {
  const client = jetstream(await link.connection(), { timeout: 5000 });
  const alive = new Map((await aliveHosts(client)).map((status) => [status.host, rowOf(status)]));
  const all = new Set([...alive.keys(), ...(await link.hosts())]);
  const rows = [...all].sort().map((host) => ({
    href: `host/${encodeURIComponent(token(host))}/`,
    cells: alive.get(host) ?? [host, 'does not ship now'],
  }));
  return listPage(
    'fleet',
    HEADER,
    rows,
    LIST_S,
    'No host ships to these servers yet: hybrid-fleet ship, on each of them.',
  );
}

async function openHost(link: Link, host: string, folder: string, signal: AbortSignal): Promise<Opened> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const files = await mirrorHost({ connection: link.connection, host, folder, signal });
  const engine = { look: (at: number) => engineView(files.samples, at), close: () => {} };
  return { viewers: liveViewers({ ...files, db: engine }) };
}

/** The engine's heartbeat as the supervisor last saw it; its tables are on its host. */
function engineView(samples: string, at: number) {
  const unseen = unavailable('no soak runs there: only a soak reports the engine');
  try {
    const { heartbeat } = JSON.parse(lastLine(samples) ?? '{}') as Partial<Observation>;
    if (heartbeat?.available !== true) return { at, status: unseen, tables: [] };
    const { vitals: _, ...row } = heartbeat.value;
    return { at, status: available(row as TableRow), tables: [] };
  } catch {
    return { at, status: unseen, tables: [] };
  }
}
