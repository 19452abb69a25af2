import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { Go } from './parts/blast.ts';
import { ENGINE, NODE } from './release.ts';

const PARTS = resolve(import.meta.dirname, 'parts');
const CACHE = resolve(import.meta.dirname, '../../data/bench/compile-cache');
const FLAGS = ['--disable-warning=ExperimentalWarning'];

/** A feed in a process of its own; see parts/blast.ts. */
export interface Feed {
  port: number;
  connected(): Promise<void>;
  /** Resolves when everything was handed to the kernel. */
  send(go: Go): Promise<void>;
  close(): void;
}

/** Something that receives the feed: a yardstick or the engine. */
export interface Client {
  pid: number;
  /** Resolves when it has dealt with `total` frames since its start; the engine: when they are committed. */
  until(total: number): Promise<void>;
  /** Frames at a stream's end that are not measured, since they wait for a timer. */
  tail?: number;
  /** Frames that it could not keep. */
  dropped?(): number;
  close(): Promise<void>;
}

export async function startFeed(): Promise<Feed> {
  const child = fork(join(PARTS, 'blast.ts'), { execArgv: FLAGS });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    connected: () => told(child, 'connected'),
    send(go) {
      const sent = told(child, 'sent');
      child.send(go);
      return sent;
    },
    close: () => child.disconnect(),
  };
}

/** A client program of `parts/` that answers `{ until }`. */
export function startPart(name: string, ...args: string[]): Client {
  const child = fork(join(PARTS, name), args, { execArgv: FLAGS });
  return {
    pid: child.pid as number,
    async until(total) {
      const answer = told(child, 'received');
      child.send({ until: total });
      await answer;
    },
    async close() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

export interface EngineClient extends Client {
  folder: string;
  db: string;
  child: ChildProcess;
  status(): { frames_received: number; ticks_written: number; drops: number } | undefined;
}

/** The release's engine on `config` (TOML), in a folder of its own that goes with it. `nodeFlags`: for a probe inside it; `sources`: TOML. */
export function startEngine(config: string, nodeFlags: string[] = [], sources = ''): EngineClient {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
  writeFileSync(join(folder, 'config.toml'), config);
  writeFileSync(join(folder, 'ws_sources.toml'), sources);
  const child = spawn(NODE, [...ENGINE.flags, ...nodeFlags, ENGINE.program, 'run', '--config', 'config.toml'], {
    cwd: folder,
    env: { ...process.env, ...ENGINE.env, NODE_COMPILE_CACHE: CACHE },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const path = join(folder, 'data/bot.db');
  let db: Database.Database | undefined;
  let read: Database.Statement | undefined;
  const status = () => {
    try {
      db ??= new Database(path, { readonly: true, fileMustExist: true });
      read ??= db.prepare('SELECT frames_received, ticks_written, drops FROM engine_status');
      return read.get() as { frames_received: number; ticks_written: number; drops: number } | undefined;
    } catch {
      return undefined; // Not created yet.
    }
  };
  return {
    pid: child.pid as number,
    folder,
    db: path,
    child,
    status,
    dropped: () => status()?.drops ?? 0,
    async until(total) {
      while ((status()?.frames_received ?? 0) < total) {
        if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async close() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      db?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** CPU time used so far, microseconds: of the main thread, and of all threads that live. */
export function cpuOf(pid: number): { main: number; total: number } {
  const of = (task: string) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) / 1000;
  const tasks = readdirSync(`/proc/${pid}/task`);
  return { main: of(String(pid)), total: tasks.reduce((sum, task) => sum + of(task), 0) };
}

/** How often the threads that live have gone to sleep so far, and so been woken (proc_pid_status(5)). */
export function wakeUpsOf(pid: number): number {
  const of = (task: string) =>
    Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1'))?.[1]);
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + of(task), 0);
}

async function told(child: ChildProcess, key: string): Promise<void> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [Record<string, unknown>];
    if (key in message) return;
  }
}
