import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A configuration for one second of an engine that loads everything and reaches nothing: a source at a port that refuses
 * (discard, RFC 863), a database of its own. `remove` deletes its folder.
 */
export function temporaryConfig(): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-engine-'));
  const path = join(folder, 'config.toml');
  const engine = ['ingest_mode = "mockws"', 'ws_url = "ws://127.0.0.1:9/ws/btcusdt@trade"', 'run_seconds = 1'];
  const lines = [
    '[app]',
    `db_path = ${JSON.stringify(join(folder, 'bot.db'))}`,
    '[engine]',
    ...engine,
    'log_level = "fatal"',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
