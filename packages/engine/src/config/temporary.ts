import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A port that refuses: discard, RFC 863. */
const NOBODY = 'ws://127.0.0.1:9/ws/btcusdt@trade';

/**
 * A configuration for two seconds of an engine that loads everything, with a database of its own. `feed`: the program of the local
 * exchange, which is run for as long; without it, the source is one that cannot be reached. `remove` ends it and deletes the folder.
 */
export async function temporaryConfig(feed: string | undefined): Promise<{ path: string; remove(): void }> {
  const served = feed === undefined ? { url: NOBODY, end: () => {} } : await serve(feed);
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-engine-'));
  const path = join(folder, 'config.toml');
  const engine = ['ingest_mode = "mockws"', `ws_url = ${JSON.stringify(served.url)}`, 'run_seconds = 2'];
  const lines = [
    '[app]',
    `db_path = ${JSON.stringify(join(folder, 'bot.db'))}`,
    '[engine]',
    ...engine,
    'log_level = "fatal"',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  return {
    path,
    remove() {
      served.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(feed: string): Promise<{ url: string; end(): void }> {
  // Loaded only here: no run needs it.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(process.execPath, [feed, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { binance } = JSON.parse(line.toString('utf8')) as { binance: string };
  return { url: binance, end: () => void child.kill() };
}
