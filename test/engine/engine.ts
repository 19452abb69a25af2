import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import { eventually } from '../eventually.ts';
import { ENGINE } from '../programs.ts';
import { printedIfFailed } from '../said.ts';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** The first line of its log with that message, and with that in it; rejects if the engine ends without it, or is silent for long. */
  logged(message: string, within?: RegExp): Promise<Record<string, unknown>>;
}

/** The real command in `cwd`. */
export const engine = (cwd: string, ...args: string[]): Running => engineWith({}, cwd, ...args);

/** The same with more in its environment. */
export const engineWith = (env: NodeJS.ProcessEnv, cwd: string, ...args: string[]): Running =>
  started([ENGINE, ...args], env, cwd);

/** The same in a network namespace (ip-netns(8)). */
export const engineIn = (namespace: string, cwd: string, ...args: string[]): Running =>
  started(['ip', 'netns', 'exec', namespace, ENGINE, ...args], {}, cwd);

function started([command = '', ...args]: string[], env: NodeJS.ProcessEnv, cwd: string): Running {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const said = { stdout: '', stderr: '' };
  printedIfFailed(`engine ${args.join(' ')} in ${cwd}`, () => said.stderr + said.stdout);
  let over = false;
  child.stdout?.on('data', (data) => {
    said.stdout += data;
  });
  child.stderr?.on('data', (data) => {
    said.stderr += data;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      over = true;
      resolve({ code, signal, ...said });
    });
  });
  const logged = (message: string, within = /^/): Promise<Record<string, unknown>> =>
    eventually(() => {
      const found = logLines(said.stdout).find((line) => line['msg'] === message && within.test(JSON.stringify(line)));
      if (found === undefined && over)
        throw new Error(`the engine ended without "${message}": ${said.stderr}${said.stdout}`);
      return found;
    });
  return { child, ended, logged };
}

/** The whole lines of a pino log. */
export function logLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A working folder with a configuration of one or more sources. */
export function folder(cwd: string, urls: string[], more = ''): string {
  mkdirSync(join(cwd, 'config'), { recursive: true });
  writeFileSync(join(cwd, 'config/config.toml'), `${more}\n[app]\nsymbol = "BTCUSD"\n`);
  const sources = urls.map((url, n) => `[[source]]\nname = "s${n + 1}"\nurl = "${url}"\npriority = ${n + 1}\n`);
  writeFileSync(join(cwd, 'config/ws_sources.toml'), sources.join('\n'));
  return cwd;
}

export const database = (cwd: string): string => join(cwd, 'data/bot.db');

/** A connection that holds the lock of who writes: until ROLLBACK nobody else commits. */
export function writeLock(t: Pick<Test, 'teardown'>, cwd: string): Database.Database {
  const db = new Database(database(cwd), { timeout: 60_000 });
  t.teardown(() => db.close());
  return db.exec('BEGIN IMMEDIATE');
}

/** Rows of one query, read-only; none while the database or its tables are not there. */
export function rows<T = Record<string, unknown>>(cwd: string, sql: string): T[] {
  let db: Database.Database | undefined;
  try {
    // An engine that ends locks its database for as long as the disk takes.
    db = new Database(database(cwd), { readonly: true, fileMustExist: true, timeout: 60_000 });
    return db.prepare(sql).all() as T[];
  } catch (error) {
    if (/unable to open|directory does not exist|no such table/.test((error as Error).message)) return [];
    throw error;
  } finally {
    db?.close();
  }
}

export const count = (cwd: string, table = 'ticks'): number =>
  rows<{ n: number }>(cwd, `SELECT COUNT(*) AS n FROM ${table}`)[0]?.n ?? 0;
