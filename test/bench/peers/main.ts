import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { cpuOf, type Feed, startEngine, startFeed, startPart, wakeUpsOf } from '../clients.ts';
import { privateMb, sleep } from '../memory.ts';
import { compile } from '../rows/memory.ts';
import { installPeers, PEERS } from './install.ts';

const RATES = [0, 20, 200, 1000, 5000, 20_000];
/** From here on frames come in bursts every 10 ms, as from a busy exchange. */
const BURSTS_FROM = 1000;

interface Running {
  pid: number;
  db: string;
  close(): Promise<void>;
}

export interface PeerFigure {
  peer: string;
  rate: number;
  cpu_ms_per_s: number;
  cpu_us_per_row: number | null;
  rows_per_s: number;
  wake_ups_per_s: number;
  private_mb: number;
}

type Start = (url: string, folder: string) => Running;

const part =
  (name: string, ...more: string[]): Start =>
  (url, folder) => {
    const db = join(folder, 'bot.db');
    const { pid, close } = startPart(name, url, db, ...more);
    return { pid, db, close };
  };

const python =
  (name: string): Start =>
  (url, folder) => {
    const db = join(folder, 'bot.db');
    const child: ChildProcess = spawn(
      join(PEERS, 'venv/bin/python'),
      [join(import.meta.dirname, `${name}.py`), url, db],
      { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const close = async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    };
    return { pid: child.pid as number, db, close };
  };

const ours: Start = (url) => {
  const config = `[engine]\ningest_mode = "mockws"\nws_url = "${url}"\nsignal_every_n_ticks = 1000000000\n`;
  const { pid, db, close } = startEngine(config);
  return { pid, db, close };
};

const STARTS: Record<string, Start> = {
  ours,
  'bare ws + better-sqlite3': part('bare-rows.ts'),
  ccxt: part('../peers/ccxt.ts', PEERS),
  cryptofeed: python('cryptofeed_client'),
  nautilus_trader: python('nautilus_client'),
};

/** One peer at one rate: warm, then measured. */
async function measured(peer: string, start: Start, rate: number, warmS: number, forS: number): Promise<PeerFigure> {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-peers-'));
  const feed: Feed = await startFeed();
  const connected = feed.connected();
  const running = start(`ws://127.0.0.1:${feed.port}/ws/btcusdt@trade`, folder);
  try {
    await Promise.race([
      connected,
      sleep(30_000).then(() => Promise.reject(new Error(`${peer} did not connect within 30 s`))),
    ]);
    const group = rate >= BURSTS_FROM ? rate / 100 : 1;
    if (rate > 0) void feed.send({ frames: rate * (warmS + forS + 2), rate, group });
    await sleep(warmS * 1000);
    const look = () => ({ cpu: cpuOf(running.pid).total, wakes: wakeUpsOf(running.pid), rows: rowsIn(running.db) });
    const [before, startedAt] = [look(), performance.now()];
    await sleep(forS * 1000);
    const [after, s] = [look(), (performance.now() - startedAt) / 1000];
    const [cpuUs, rows] = [after.cpu - before.cpu, after.rows - before.rows];
    return {
      peer,
      rate,
      cpu_ms_per_s: cpuUs / 1000 / s,
      cpu_us_per_row: rows > 0 ? cpuUs / rows : null,
      rows_per_s: rows / s,
      wake_ups_per_s: (after.wakes - before.wakes) / s,
      private_mb: privateMb(running.pid),
    };
  } finally {
    await running.close();
    feed.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsIn(path: string): number {
  const db = new Database(path, { readonly: true });
  try {
    return (db.prepare('SELECT MAX(id) AS n FROM ticks').get() as { n: number | null }).n ?? 0;
  } finally {
    db.close();
  }
}

/**
 * Every peer that can be had, at every rate; prints a line each. While trades come one by one all peers are measured at
 * once, warm: they need little, and have the same minute of the machine. Bursts would be in each other's way.
 */
export async function peers(quick: boolean, say: (line: string) => void): Promise<PeerFigure[]> {
  const missing = installPeers(say);
  await compile();
  const figures: PeerFigure[] = [];
  const attempt = async (peer: string, start: Start, rate: number): Promise<string> => {
    const [warmS, forS] = secondsOf(rate, quick);
    const why = missing[peer];
    try {
      if (why !== undefined) throw new Error(why);
      const figure = await measured(peer, start, rate, warmS, forS);
      figures.push(figure);
      return line(figure);
    } catch (error) {
      return `${String(rate).padStart(8)}  ${peer.padEnd(26)} not measured: ${(error as Error).message}`;
    }
  };
  say('trades/s  peer                        CPU ms/s   us/row   rows/s  wake-ups/s  private MB');
  for (const rate of RATES) {
    const tries = Object.entries(STARTS).map(
      ([peer, start]) =>
        () =>
          attempt(peer, start, rate),
    );
    if (rate < BURSTS_FROM) for (const text of await Promise.all(tries.map((run) => run()))) say(text);
    else for (const run of tries) say(await run());
  }
  return figures;
}

/** How long a peer runs before it is measured, and for how long it is. */
function secondsOf(rate: number, quick: boolean): [warm: number, measured: number] {
  if (quick) return [6, 5];
  return rate < BURSTS_FROM ? [60, 60] : [15, 20];
}

function line({ rate, peer, ...of }: PeerFigure): string {
  const [ms, us] = [of.cpu_ms_per_s.toFixed(2), of.cpu_us_per_row?.toFixed(1) ?? '-'];
  const [rows, wakes, mb] = [Math.round(of.rows_per_s), of.wake_ups_per_s.toFixed(1), of.private_mb.toFixed(1)];
  const head = `${String(rate).padStart(8)}  ${peer.padEnd(26)} ${ms.padStart(9)}`;
  return `${head} ${us.padStart(8)} ${String(rows).padStart(8)} ${wakes.padStart(11)} ${mb.padStart(11)}`;
}
