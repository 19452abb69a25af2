import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { count, database, engineWith, folder, rows } from '../engine/engine.ts';
import { eventually } from '../eventually.ts';
import { type Exchange, openExchange } from './exchange.ts';
import { check, type Fault } from './fault.ts';
import { fill } from './full-disk.ts';
import { smallDisk } from './small-disk.ts';

const RATE = 2000;
const VENUES = ['alpha', 'beta', 'gamma'];
const JUMP = new URL('./jump-clock.ts', import.meta.url).href;
/** Bytes of a trade in the database, and room for its WAL. */
const BYTES_PER_TRADE = 250;
const ROOM_MIB = 96;
/** Shorter runs prove nothing about memory. */
const LEAST_FOR_MEMORY_S = 240;
const GROWTH_MIB = 12;
/** How much longer than its time a run may take until all has happened. */
const LATE_S = 180;

/** The shares of the run at which something happens; of two hours a minute is 1/120. */
const SHARE = {
  cut: 1 / 120,
  reader: [0.1, 0.1 + 10 / 120],
  full: 0.3,
  kill: 0.7,
  jump: 0.8,
} as const;
/** How long the disk is full, s: a minute of two hours; and the engine's deadline for it, which is over by then. */
const fullFor = (seconds: number) => Math.max(seconds / 120, 4);
const deadlineOf = (seconds: number) => Math.min(30, Math.max(seconds / 240, 1.5));

export const endurance: Fault = {
  name: 'endurance',
  what: 'seconds at 2,000 trades/s over three venues with cuts, a long reader, a full disk, a kill -9 and a clock jump: each trade is there once or in gaps, memory is flat',
  full: 7200,
  short: 12,
  async inflict({ count: seconds }) {
    const disk = smallDisk(Math.ceil((seconds * RATE * BYTES_PER_TRADE) / 1_048_576) + ROOM_MIB);
    const exchanges = await Promise.all(VENUES.map(() => openExchange({ rate: RATE, always: true })));
    try {
      return await new Endurance(disk.cwd, exchanges, seconds).run();
    } finally {
      for (const exchange of exchanges) exchange.close();
      disk.remove();
    }
  },
};

interface Life {
  ended: string;
  /** Private memory, MiB, once a second. */
  memory: number[];
}

class Endurance {
  readonly #cwd: string;
  readonly #exchanges: Exchange[];
  readonly #seconds: number;
  /** The timeline begins with the first row. */
  #started = Number.POSITIVE_INFINITY;
  #jumpAtMs = Number.MAX_SAFE_INTEGER;
  readonly #lives: Life[] = [];
  #child: ChildProcess | null = null;
  #killed = false;
  #stopping = false;
  #reader: Database.Database | null = null;
  #ballast: string | null = null;
  /** When the disk may have room again, a share of the run. */
  #free = Number.POSITIVE_INFINITY;
  #cuts = 0;
  #longestWal = 0;

  constructor(cwd: string, exchanges: Exchange[], seconds: number) {
    this.#cwd = cwd;
    this.#exchanges = exchanges;
    this.#seconds = seconds;
    folder(
      cwd,
      [],
      `[engine]\ningest_mode = "realws"\noverload_deadline_s = ${deadlineOf(seconds)}\n[storage]\nmin_free_mb = 0\n[connection]\nbackoff_base_ms = 100\n`,
    );
    const sources = exchanges.map(
      ({ url }, n) => `[[source]]\nname = "${VENUES[n]}"\nvenue = "${VENUES[n]}"\nurl = "${url}"\n`,
    );
    writeFileSync(join(cwd, 'config/ws_sources.toml'), sources.join('\n'));
  }

  async run(): Promise<string> {
    const lives = this.#keepAlive();
    // Awaited below; a failure must not end the process before.
    lives.catch(() => {});
    await Promise.race([lives, eventually(() => count(this.#cwd) > 0)]);
    this.#started = performance.now();
    // Of the life after the kill.
    this.#jumpAtMs = Date.now() + SHARE.jump * this.#seconds * 1000;
    let nextCut = Math.max(1.5, SHARE.cut * this.#seconds);
    const between = Math.max(1.5, SHARE.cut * this.#seconds);
    try {
      while (!this.#isOver()) {
        if ((performance.now() - this.#started) / 1000 >= nextCut) {
          // Away over the next cut, so that the engine goes round all venues: it prefers those that have worked before.
          for (const exchange of this.#exchanges) exchange.cut(1500 * between);
          this.#cuts++;
          nextCut += between;
        }
        this.#act();
        await sleep(100);
      }
    } finally {
      this.#stopping = true;
      this.#child?.kill('SIGTERM');
      this.#reader?.close();
      if (this.#ballast !== null) rmSync(this.#ballast, { force: true });
    }
    await lives;
    return this.#judge();
  }

  /** As the manager would: started again after a kill and after 13. */
  async #keepAlive(): Promise<void> {
    for (;;) {
      const env = { NODE_OPTIONS: `--import=${JUMP}`, CLOCK_JUMP_AT_MS: String(this.#jumpAtMs) };
      const { child, ended } = engineWith(env, this.#cwd, 'run');
      this.#child = child;
      const life: Life = { ended: '', memory: [] };
      this.#lives.push(life);
      const sampling = setInterval(() => this.#sample(child, life), 1000);
      const { code, signal, stdout, stderr } = await ended;
      clearInterval(sampling);
      life.ended = signal ?? String(code);
      if (this.#stopping && code === 0) return;
      const expected = code === 13 || (signal === 'SIGKILL' && this.#killed);
      check('it ended by itself', expected && !this.#stopping, { code, signal, stderr, stdout: stdout.slice(-2000) });
    }
  }

  /** Its time is over, and everything has happened, if a busy machine has let it within LATE_S more. */
  #isOver(): boolean {
    const late = (this.#at() - 1) * this.#seconds;
    if (late < 0 || late >= LATE_S) return late >= LATE_S;
    return this.#killed && this.#overloaded() && this.#isUp() && this.#venues() === VENUES.length;
  }

  /** The life that is running has written a heartbeat, so that it ends in good order. */
  #isUp = (): boolean => rows(this.#cwd, 'SELECT pid FROM engine_status')[0]?.['pid'] === this.#child?.pid;

  #venues = (): number => count(this.#cwd, 'markets');

  #overloaded = (): boolean => this.#lives.some(({ ended }) => ended === '13');

  #act(): void {
    const at = this.#at();
    const [from, to] = SHARE.reader;
    if (at >= from && at < to && this.#reader === null) this.#reader = snapshot(database(this.#cwd));
    if (at >= to && this.#reader?.open === true) this.#reader.close();
    // Once the disk is full it stays so until the engine has said so, however long that takes here.
    if (at >= SHARE.full && this.#ballast === null) {
      this.#ballast = fullOf(this.#cwd);
      this.#free = this.#at() + fullFor(this.#seconds) / this.#seconds;
    }
    if (at >= this.#free && this.#overloaded() && this.#ballast !== null) rmSync(this.#ballast, { force: true });
    // Not while it waits for its next life.
    if (at >= SHARE.kill && !this.#killed && this.#child?.exitCode === null) this.#killed = this.#child.kill('SIGKILL');
  }

  #sample(child: ChildProcess, life: Life): void {
    try {
      const said = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8');
      const kib = [...said.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
      life.memory.push(kib / 1024);
      this.#longestWal = Math.max(this.#longestWal, statSync(`${database(this.#cwd)}-wal`).size);
    } catch {
      // It has just ended, or has no database yet.
    }
  }

  #judge(): string {
    check(
      'a full disk is not exit 13',
      this.#overloaded(),
      this.#lives.map(({ ended }) => ended),
    );
    const integrity = rows(this.#cwd, 'PRAGMA integrity_check')[0]?.['integrity_check'];
    check('integrity_check', integrity === 'ok', integrity);
    const markets = rows<{ market: number; n: number; ids: number }>(
      this.#cwd,
      'SELECT market, COUNT(*) AS n, COUNT(DISTINCT CAST(trade_id AS INTEGER)) AS ids FROM ticks GROUP BY market',
    );
    check('all venues were used', markets.length === VENUES.length, markets);
    for (const { n, ids, market } of markets) check('a trade is there twice', n === ids, { market, n, ids });
    const holes = rows<{ market: number; first: number; last: number }>(this.#cwd, HOLES);
    const unnoted = rows(this.#cwd, UNNOTED);
    check('trades are missing and in no gap', unnoted.length === 0, unnoted.slice(0, 5));
    const negative = rows(
      this.#cwd,
      'SELECT * FROM coverage WHERE to_ms < from_ms OR to_ms - from_ms > 7200000 OR to_ms IS NULL',
    );
    check('an interval of coverage cannot be', negative.length === 0, negative.slice(0, 3));
    const walNow = statSync(`${database(this.#cwd)}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    check('the WAL was not given back', walNow === 0, walNow);
    const ticks = markets.reduce((sum, { n }) => sum + n, 0);
    const missing = holes.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const ends = this.#lives.map(({ ended }) => ended).join(', ');
    return `${this.#seconds} s, ${this.#cuts} cuts, lives ended with ${ends}; ${ticks} trades each once, ${missing} missing and in ${holes.length} gaps; longest WAL ${mib(this.#longestWal)} MiB; ${this.#memory()}`;
  }

  /** Growth from the second quarter of the longest life to its last. */
  #memory(): string {
    const longest = this.#lives.map(({ memory }) => memory).reduce((a, b) => (b.length > a.length ? b : a));
    const quarter = Math.floor(longest.length / 4);
    const [early, late] = [median(longest.slice(quarter, 2 * quarter)), median(longest.slice(3 * quarter))];
    const text = `memory ${early.toFixed(1)} to ${late.toFixed(1)} MiB over a life of ${longest.length} s`;
    if (this.#seconds >= LEAST_FOR_MEMORY_S) check('memory grows', late - early < GROWTH_MIB, text);
    return text;
  }

  #at(): number {
    return (performance.now() - this.#started) / 1000 / this.#seconds;
  }
}

/** Ranges of ids between the first and the last of a market that are not there. */
const HOLES = `SELECT market, before + 1 AS first, id - 1 AS last FROM (
    SELECT market, CAST(trade_id AS INTEGER) AS id,
      LAG(CAST(trade_id AS INTEGER)) OVER (PARTITION BY market ORDER BY CAST(trade_id AS INTEGER)) AS before FROM ticks
  ) WHERE id > before + 1`;
const UNNOTED = `SELECT hole.* FROM (${HOLES}) hole WHERE NOT EXISTS (
    SELECT 1 FROM gaps WHERE gaps.market = hole.market AND closed_at IS NULL
      AND CAST(from_id AS INTEGER) <= hole.first AND CAST(to_id AS INTEGER) >= hole.last)`;

/** Fills the disk; a WAL that a long reader has made long would have room for a minute. */
function fullOf(cwd: string): string {
  const db = new Database(database(cwd));
  db.pragma('busy_timeout = 5000');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return fill(cwd);
}

function snapshot(path: string): Database.Database {
  const db = new Database(path, { readonly: true });
  db.exec('BEGIN');
  db.prepare('SELECT COUNT(*) FROM engine_status').get();
  return db;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const mib = (bytes: number): number => Math.round(bytes / 1_048_576);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
