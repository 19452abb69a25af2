import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineWith, folder, logLines, rows } from '../engine/engine.ts';
import { eventually } from '../eventually.ts';
import { checkComplete, readLedger } from './database.ts';
import { openExchange } from './exchange.ts';
import { check, type Fault } from './fault.ts';

const STEPS = new URL('./step-clock.ts', import.meta.url).href;
const STEP_MS = 300;
const HOUR_MS = 3_600_000;
/** Far below a step of the clock, far above what a busy machine holds the engine up for. */
const DEADLINES = ['overload', 'garbage', 'unreachable'].map((what) => `${what}_deadline_s = 60\n`).join('');

/** The wall clock of every thread of the engine is set by `step-clock.ts`, and the exchange's own steps too. */
export const clockSteps: Fault = {
  name: 'clock',
  what: 'while the wall clock of engine and exchange steps by an hour to and fro no trade is lost, nothing ends, no interval is negative',
  full: 40,
  short: 8,
  async inflict({ count }) {
    let flips = 0;
    const exchangeNow = () => Date.now() + ((flips % 3) - 1) * HOUR_MS;
    const flipping = setInterval(() => flips++, STEP_MS * 1.3);
    const exchange = await openExchange({ rate: 1000, nowMs: exchangeNow });
    const cwd = mkdtempSync(join(tmpdir(), 'faults-'));
    const config = `[storage]\nflush_interval_ms = 100\n[engine]\ningest_mode = "mockws"\nws_url = "${exchange.url}"\n`;
    folder(cwd, [], `${config}${DEADLINES}`);
    const env = { NODE_OPTIONS: `--import=${STEPS}`, CLOCK_STEP_MS: String(STEP_MS) };
    const { child, ended } = engineWith(env, cwd, 'run');
    const seen = new Set<number>();
    try {
      let over = false;
      const gone = ended.then(() => {
        over = true;
      });
      await eventually(() => {
        const flushed = rows<{ ms: number }>(cwd, 'SELECT last_flush_ms AS ms FROM engine_status')[0]?.ms;
        if (flushed !== undefined) seen.add(Math.round((flushed - Date.now()) / HOUR_MS));
        return over || (seen.size === 3 && exchange.lastId() >= 1_000_000 + count * STEP_MS);
      });
      child.kill('SIGTERM');
      await gone;
      const { code, stdout } = await ended;
      const said = logLines(stdout).find((line) => line['msg'] === 'stopped') as Record<string, number> | undefined;
      check('the exit code', code === 0 && said?.['unaccounted'] === 0, { code, stdout });
      const ledger = readLedger(cwd, null);
      check('trades that were read are missing', ledger.ticks === said?.['ticks'], said);
      checkComplete(cwd, exchange.connection()?.firstId ?? 0, ledger.lastTrade);
      const [wrong] = rows<{ n: number }>(
        cwd,
        'SELECT COUNT(*) AS n FROM coverage WHERE to_ms < from_ms OR to_ms IS NULL',
      );
      check('an interval is negative', wrong?.n === 0, wrong);
      const stale = rows(cwd, "SELECT reason FROM orders WHERE reason LIKE 'STALE%'");
      check('a step was taken for stale data', stale.length === 0, stale);
      return `${count} steps of the engine's clock, ${flips} of the exchange's, ${ledger.ticks} trades, none lost`;
    } finally {
      child.kill('SIGKILL');
      clearInterval(flipping);
      exchange.close();
      rmSync(cwd, { recursive: true, force: true });
    }
  },
};
