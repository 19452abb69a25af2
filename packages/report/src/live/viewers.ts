import type { ServerResponse } from 'node:http';
import { escapeJson } from '../escape-json.ts';
import { type EngineView, engineViewer } from './database.ts';
import { runFollower } from './run-follower.ts';

const MAX_VIEWERS = 64;
/** A viewer that has not read this much is gone, or too slow: it may come again. */
const MAX_UNREAD_BYTES = 8 << 20;

/** The event streams of the pages that are open, and what they are sent: one look at the files for all of them together. */
export function liveViewers(paths: {
  decisions: string;
  samples: string;
  /** The engine's database, or what looks at an engine elsewhere. */
  db: string | { look(at: number): EngineView; close(): void };
}) {
  const run = runFollower(paths);
  const engine = typeof paths.db === 'string' ? engineViewer(paths.db) : paths.db;
  const viewers = new Set<ServerResponse>();
  let alive = false;
  const sendAll = (event: string, data: unknown) => {
    for (const viewer of viewers) send(viewer, event, data);
  };
  const look = () => {
    if (viewers.size === 0) return;
    const news = run.poll();
    const wasAlive = alive;
    alive = run.alive(Date.now());
    if (news.begin || alive !== wasAlive) sendAll('run', run.snapshot(Date.now()));
    else if (news.rows.length + news.decisions.length > 0) sendAll('news', news);
    sendAll('engine', engine.look(Date.now()));
  };
  const dismiss = (viewer: ServerResponse) => {
    viewers.delete(viewer);
    if (viewer.writableLength > 0) return void viewer.destroy();
    send(viewer, 'dismissed', null);
    viewer.end();
  };
  return {
    look,
    /** A page that was opened: it gets the run as it stands, then what is new. */
    welcome(viewer: ServerResponse) {
      viewer.on('close', () => viewers.delete(viewer));
      // Connections that nobody closed must not keep a person out.
      if (viewers.size >= MAX_VIEWERS) dismiss(oldestIdle(viewers));
      // Viewers that are connected already must not miss what is found now.
      if (viewers.size > 0) look();
      else run.poll();
      alive = run.alive(Date.now());
      send(viewer, 'run', run.snapshot(Date.now()));
      send(viewer, 'engine', engine.look(Date.now()));
      viewers.add(viewer);
    },
    /** The pages get what was written last, then `ended`: nothing more comes. */
    close() {
      look();
      for (const viewer of viewers) {
        send(viewer, 'ended', null);
        viewer.end();
      }
      run.close();
      engine.close();
    },
  };
}

function send(viewer: ServerResponse, event: string, data: unknown): void {
  if (viewer.writableLength > MAX_UNREAD_BYTES) viewer.destroy();
  else viewer.write(`event: ${event}\ndata: ${escapeJson(data)}\n\n`);
}

/** The oldest of those that do not read what they are sent, else the oldest. */
function oldestIdle(viewers: Set<ServerResponse>): ServerResponse {
  const all = [...viewers];
  return all.find((viewer) => viewer.writableLength > 0) ?? (all[0] as ServerResponse);
}
