import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engine, folder, logLines } from '../engine/engine.ts';
import { eventually } from '../eventually.ts';
import { between } from '../sim/random.ts';
import { checkComplete, type Ledger, readLedger } from './database.ts';
import { type Exchange, openExchange } from './exchange.ts';
import { check, type Fault, type Round } from './fault.ts';
import { heldUpMs } from './held-up.ts';

const RATE = 2000;
const FLUSH_MS = 250;
/** What was sent this long before a kill must be there, on a machine that does not hold the engine up. */
const LOSS_MS = 1000;
const LONGEST_MS = 2000;
/** Runs on one database, one after the other. */
const RUNS = 20;
const LANES = 2;
const CONFIG = `[storage]\nflush_interval_ms = ${FLUSH_MS}\n[engine]\ningest_mode = "mockws"\n`;

interface Stopped {
  /** Milliseconds of trades that were sent and are not there. */
  lostMs: number;
  ticks: number;
  /** Whether it was up: it had connected. */
  up: boolean;
}

/** A random moment, counted from the start of the process or from its first trade. */
interface Moment {
  ms: number;
  from: 'start' | 'trade';
}

type Stop = (cwd: string, exchange: Exchange, before: Ledger | null, moment: Moment) => Promise<[Ledger, Stopped]>;

export const kills: Fault = {
  name: 'kill-9',
  what: 'integrity_check is ok, no partial batch, ids never reused, no trade twice, at most the unflushed second lost',
  full: 200,
  short: 7,
  inflict: (round) => campaign(round, kill),
};

export const sigterms: Fault = {
  name: 'sigterm',
  what: 'exit 0, everything that was sent before it is committed, and the accounting identity closes',
  full: 200,
  short: 7,
  inflict: (round) => campaign(round, terminate),
};

const kill: Stop = async (cwd, exchange, before, moment) => {
  const { child, ended } = engine(cwd, 'run');
  const connected = exchange.connection();
  let held = heldUpMs(child.pid);
  if (moment.from === 'trade') {
    await eventually(() => exchange.connection() !== connected || child.exitCode !== null);
    held = heldUpMs(child.pid);
  }
  await sleep(moment.ms);
  held = Math.max(0, heldUpMs(child.pid) - held);
  child.kill('SIGKILL');
  const killedAt = performance.now();
  const end = await ended;
  check('it ended by itself', end.signal === 'SIGKILL', end);
  const ledger = readLedger(cwd, before);
  const ticks = ledger.ticks - (before?.ticks ?? 0);
  check('a partial batch', ledger.writtenBy(child.pid) === ticks, { ticks });
  const now = exchange.connection();
  if (now === null || now === connected) return [ledger, { lostMs: 0, ticks, up: false }];
  if (ledger.lastTrade >= now.firstId) checkComplete(cwd, now.firstId, ledger.lastTrade);
  const firstLost = Math.max(now.firstId, ledger.lastTrade + 1);
  const lostMs = Math.max(0, killedAt - exchange.sentAt(firstLost));
  check('more than a second was lost', exchange.sentBy(killedAt - LOSS_MS - held) < firstLost, { lostMs, held });
  return [ledger, { lostMs, ticks, up: true }];
};

const terminate: Stop = async (cwd, exchange, before, moment) => {
  const { child, ended } = engine(cwd, 'run');
  const connected = exchange.connection();
  if (moment.from === 'trade') await eventually(() => exchange.connection() !== connected || child.exitCode !== null);
  await sleep(moment.ms);
  const sent = exchange.lastId();
  child.kill('SIGTERM');
  const { code, signal, stdout, stderr } = await ended;
  const ledger = readLedger(cwd, before);
  const ticks = ledger.ticks - (before?.ticks ?? 0);
  // Before the program's first line runs, the signal is the system's: there is nothing to lose yet.
  if (signal === 'SIGTERM' && stdout === '') return [ledger, { lostMs: 0, ticks: 0, up: false }];
  check('the exit code', code === 0, { code, signal, stderr });
  const said = logLines(stdout).find((line) => line['msg'] === 'stopped') as Record<string, number> | undefined;
  check('its last line', said !== undefined, stdout);
  check('frames were not accounted for', said?.['unaccounted'] === 0 && said['dropped'] === 0, said);
  check('what was read is not committed', said?.['ticks'] === ticks && said['ticks_written'] === ticks, {
    said,
    ticks,
  });
  const now = exchange.connection();
  const up = now !== null && now !== connected;
  if (up && ticks > 0 && ledger.lastTrade >= now.firstId) {
    checkComplete(cwd, now.firstId, ledger.lastTrade);
    check('what was sent before the signal is not there', ledger.lastTrade >= sent, { sent, ledger });
  }
  return [ledger, { lostMs: 0, ticks, up }];
};

/** `count` stops at random moments, on a new database every 20 runs, two databases at a time. */
async function campaign({ count, random }: Round, stop: Stop): Promise<string> {
  const moments = Array.from({ length: count }, (_, n): Moment => {
    // A slow start would leave nothing to be stopped under load.
    return { ms: between(random, 0, LONGEST_MS), from: n % 4 === 0 ? 'start' : 'trade' };
  });
  const stopped: Stopped[] = [];
  const lane = async () => {
    while (moments.length > 0)
      stopped.push(...(await onOneDatabase(moments.splice(0, Math.min(RUNS, count / LANES)), stop)));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const up = stopped.filter((run) => run.up).length;
  const lost = Math.max(...stopped.map(({ lostMs }) => lostMs));
  const ticks = stopped.reduce((sum, run) => sum + run.ticks, 0);
  const loss = lost > 0 ? `, at most ${Math.round(lost)} ms of trades lost (flushed every ${FLUSH_MS} ms)` : '';
  return `${stopped.length} stops (${up} while connected), ${ticks} ticks committed at ${RATE}/s${loss}`;
}

async function onOneDatabase(moments: Moment[], stop: Stop): Promise<Stopped[]> {
  const exchange = await openExchange({ rate: RATE });
  const cwd = mkdtempSync(join(tmpdir(), 'faults-'));
  folder(cwd, [], `${CONFIG}ws_url = "${exchange.url}"\n`);
  const stopped: Stopped[] = [];
  let ledger: Ledger | null = null;
  try {
    for (const moment of moments) {
      const [next, result]: [Ledger, Stopped] = await stop(cwd, exchange, ledger, moment);
      ledger = next;
      stopped.push(result);
    }
  } finally {
    exchange.close();
    rmSync(cwd, { recursive: true, force: true });
  }
  return stopped;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
