// restart-gap.ts RESTARTS, inside a machine with a real systemd and the unit: prints the times from `systemctl restart` to
// the first tick that the new process committed, milliseconds, as JSON.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { serve } from '@hybrid-soak/feed/serve.ts';
import Database from 'better-sqlite3';

const UNIT = 'hybrid-engine.service';
const systemctl = (...args: string[]) => promisify(execFile)('systemctl', args);
const feed = await serve({ port: 0, host: '127.0.0.1', rate: 200, seed: 1 });
writeFileSync(
  'config/config.toml',
  `[engine]\ningest_mode = "mockws"\nws_url = "ws://127.0.0.1:${feed.port}/ws/btcusdt@trade"\n`,
);
await systemctl('restart', UNIT);
let db: Database.Database | undefined;
const status = () => {
  try {
    db ??= new Database('data/bot.db', { readonly: true, fileMustExist: true });
    return db.prepare('SELECT pid, ticks_written FROM engine_status').get() as { pid: number; ticks_written: number };
  } catch {
    return undefined;
  }
};
const firstTick = async (after: number) => {
  for (;;) {
    const seen = status();
    if (seen !== undefined && seen.pid !== after && seen.ticks_written > 0) return seen.pid;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};
let pid = await firstTick(0);
const gaps: number[] = [];
for (let n = 0; n < Number(process.argv[2]); n++) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const started = performance.now();
  const asked = systemctl('restart', UNIT);
  pid = await firstTick(pid);
  gaps.push(performance.now() - started);
  await asked;
}
await systemctl('stop', UNIT);
process.stdout.write(`${JSON.stringify(gaps)}\n`);
process.exit();
