// restart-gap.ts RESTARTS, inside a machine with a real systemd and the release installed: prints the times from `systemctl
// restart` to the first row that the new process committed, milliseconds, as JSON: of a unit of bare Node that commits one
// row, of the same in the sandbox of the engine's unit, and of the engine, in turn.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { serve } from '@hybrid-soak/feed/serve.ts';
import Database from 'better-sqlite3';

const ENGINE = 'hybrid-engine.service';
const BARE = 'bare-row.service';
const BARE_DB = '/var/lib/bare-row/bot.db';
const BOXED = 'boxed-row.service';
const BOXED_DB = '/var/lib/hybrid-soak/data/boxed.db';
const CURRENT = '/opt/hybrid-soak/current';
const systemctl = (...args: string[]) => promisify(execFile)('systemctl', args);

/** Node's own start and SQLite, one row. */
const bareProgram = (path: string) => `const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync('${path}');
db.exec('PRAGMA journal_mode = WAL');
db.exec('CREATE TABLE IF NOT EXISTS engine_status (pid INTEGER, ticks_written INTEGER)');
db.exec('BEGIN; DELETE FROM engine_status; INSERT INTO engine_status VALUES (' + process.pid + ', 1); COMMIT');
setInterval(() => {}, 1e6);
`;

const feed = await serve({ port: 0, host: '127.0.0.1', rate: 200, seed: 1 });
const CONFIG = 'config/config.toml';
const found = readFileSync(CONFIG);
writeFileSync(CONFIG, `[engine]\ningest_mode = "mockws"\nws_url = "ws://127.0.0.1:${feed.port}/ws/btcusdt@trade"\n`);
mkdirSync('/var/lib/bare-row', { recursive: true });
writeFileSync('/var/lib/bare-row/main.cjs', bareProgram(BARE_DB));
writeFileSync('/var/lib/bare-row/boxed.cjs', bareProgram(BOXED_DB));
copyFileSync(`${CURRENT}/node`, '/var/lib/bare-row/node');
writeFileSync(
  `/run/systemd/system/${BARE}`,
  `[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/var/lib/bare-row/node /var/lib/bare-row/main.cjs\nKillSignal=SIGKILL\nSuccessExitStatus=SIGKILL\n`,
);
copyFileSync(`/etc/systemd/system/${ENGINE}`, `/run/systemd/system/${BOXED}`);
mkdirSync(`/run/systemd/system/${BOXED}.d`);
writeFileSync(
  `/run/systemd/system/${BOXED}.d/bare.conf`,
  `[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=simple\nWatchdogSec=0\nRestart=no\nExecStart=\nExecStart=${CURRENT}/node /var/lib/bare-row/boxed.cjs\nKillSignal=SIGKILL\nSuccessExitStatus=SIGKILL\n`,
);
await systemctl('daemon-reload');
const units = { bare: unitOf(BARE, BARE_DB), boxed: unitOf(BOXED, BOXED_DB), engine: unitOf(ENGINE, 'data/bot.db') };
const gaps: Record<keyof typeof units, number>[] = [];
for (const unit of Object.values(units)) await unit.restart();
for (let n = 0; n < Number(process.argv[2]); n++)
  gaps.push({
    bare: await units.bare.restart(),
    boxed: await units.boxed.restart(),
    engine: await units.engine.restart(),
  });
await systemctl('stop', ENGINE, BARE, BOXED);
writeFileSync(CONFIG, found);
process.stdout.write(`${JSON.stringify(gaps)}\n`);
process.exit();

function unitOf(name: string, path: string) {
  let db: Database.Database | undefined;
  let read: Database.Statement | undefined;
  let pid = 0;
  const status = () => {
    try {
      db ??= new Database(path, { readonly: true, fileMustExist: true });
      read ??= db.prepare('SELECT pid, ticks_written FROM engine_status');
      return read.get() as { pid: number; ticks_written: number } | undefined;
    } catch {
      return undefined;
    }
  };
  return {
    /** Milliseconds to the first row of the new process. */
    async restart(): Promise<number> {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const started = performance.now();
      const asked = systemctl('restart', name);
      for (;;) {
        const seen = status();
        if (seen !== undefined && seen.pid !== pid && seen.ticks_written > 0) {
          pid = seen.pid;
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const gap = performance.now() - started;
      await asked;
      return gap;
    },
  };
}
