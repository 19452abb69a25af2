import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { count, engine, folder, logLines } from '../engine/engine.ts';
import { eventually } from '../eventually.ts';
import { checkComplete, readLedger } from './database.ts';
import { openExchange } from './exchange.ts';
import { check, type Fault, NotPossible } from './fault.ts';

const SIZE = '24m';
const RATE = 1000;
const FULL_MS = 1500;

export const fullDisk: Fault = {
  name: 'full-disk',
  what: 'while the disk is full nothing ends and nothing is dropped; when there is room again everything is committed',
  full: 10,
  short: 1,
  async inflict({ count: times }) {
    if (process.getuid?.() !== 0) throw new NotPossible('only root may mount a small disk');
    const cwd = mkdtempSync(join(tmpdir(), 'faults-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', cwd], { stdio: 'pipe' });
    } catch (error) {
      rmSync(cwd, { recursive: true, force: true });
      throw new NotPossible(`a tmpfs cannot be mounted here: ${(error as Error).message.trim()}`);
    }
    try {
      return await fillAndFree(cwd, times);
    } finally {
      execFileSync('umount', ['--lazy', cwd]);
      rmSync(cwd, { recursive: true, force: true });
    }
  },
};

async function fillAndFree(cwd: string, times: number): Promise<string> {
  const exchange = await openExchange({ rate: RATE });
  const config = `[storage]\nflush_interval_ms = 100\nmin_free_mb = 0\n[engine]\ningest_mode = "mockws"\n`;
  folder(cwd, [], `${config}ws_url = "${exchange.url}"\n`);
  const { child, ended, logged } = engine(cwd, 'run');
  let longest = 0;
  try {
    await logged('started');
    for (let time = 0; time < times; time++) {
      const before = count(cwd);
      await eventually(() => count(cwd) > before + 200);
      const ballast = fill(cwd);
      const since = performance.now();
      const stuck = count(cwd);
      await sleep(FULL_MS);
      const written = count(cwd) - stuck;
      check('the disk was not full', written < (RATE * FULL_MS) / 1000 / 2, { written });
      rmSync(ballast);
      const sent = exchange.lastId();
      await eventually(() => child.exitCode !== null || readLastTrade(cwd) >= sent);
      longest = Math.max(longest, performance.now() - since);
      check('it ended', child.exitCode === null, (await Promise.race([ended, sleep(0)])) ?? '');
    }
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    const said = logLines(stdout).find((line) => line['msg'] === 'stopped') as Record<string, number> | undefined;
    check('the end', code === 0 && said?.['dropped'] === 0 && said['unaccounted'] === 0, { code, said });
    const ledger = readLedger(cwd, null);
    checkComplete(cwd, exchange.connection()?.firstId ?? 0, ledger.lastTrade);
    return `filled ${times} times for ${FULL_MS} ms, ${ledger.ticks} trades, none lost; caught up ${Math.round(longest - FULL_MS)} ms after it was freed at the latest`;
  } finally {
    child.kill('SIGKILL');
    exchange.close();
  }
}

const readLastTrade = (cwd: string): number => readLedger(cwd, null).lastTrade;

/** A file that takes all the room that is left; its path. */
export function fill(folder: string): string {
  const path = join(folder, 'ballast');
  const fd = openSync(path, 'w');
  for (let size = 1_048_576; size >= 1; ) {
    try {
      if (writeSync(fd, Buffer.alloc(size, 1)) < size) size = Math.floor(size / 2);
    } catch (error) {
      if (errorCode(error) !== 'ENOSPC') throw error;
      size = Math.floor(size / 2);
    }
  }
  closeSync(fd);
  return path;
}

const sleep = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms));
