import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { checkSources } from '@hybrid-soak/contract/config-check.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import { readText } from '../adapters/config-file.ts';
import { writableFile } from '../adapters/writable.ts';
import { Stop } from '../stop.ts';
import { type RunFlags, readConfig } from './run-options.ts';

/**
 * What the chosen manager's engine could not run with, before anything is changed. The system's unit has its mode from
 * the config alone, and what the log says must be what runs; the other managers' engine is this soak's own.
 */
export function refuseMode(manager: string, flags: RunFlags): void {
  const { config } = readConfig(flags.config);
  const found = config.engine.ingest_mode;
  if (manager !== 'system') refuseUnready(flags, config);
  else if (flags.mode !== undefined && flags.mode !== found) {
    const valid = 'valid: set [engine] ingest_mode';
    throw new Stop(SOAK_EXIT.USAGE, `--mode ${flags.mode}: the system unit runs ${found}; ${valid}`);
  }
}

function refuseUnready(flags: RunFlags, { app, engine }: Config): void {
  writableFile('app.db_path', app.db_path);
  const mode = flags.mode ?? engine.ingest_mode;
  if (mode === 'mockws' && engine.ws_url === undefined) refuse(flags, 'engine.ws_url', 'missing', 'a ws:// URL');
  if (mode === 'realws') refuseSources(flags.sources ?? resolve(dirname(flags.config), 'ws_sources.toml'));
  if (mode !== 'replay') return;
  const { replay_file: file } = engine;
  if (file === undefined) refuse(flags, 'engine.replay_file', 'missing', 'the path of a recording');
  else if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    refuse(flags, 'engine.replay_file', `${file}: no such file`, 'a file of frames or ticks, or a database');
}

function refuse({ config, mode }: RunFlags, key: string, problem: string, valid: string): never {
  const why = mode === undefined ? '' : ` in mode ${mode}`;
  throw new Stop(SOAK_EXIT.CONFIG, `${config}: ${key}: ${problem}${why}; valid: ${valid}`);
}

function refuseSources(path: string): void {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const { message } = error as Error;
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? message})`;
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: ${why}; valid: a readable ws_sources.toml`);
  }
  const checked = checkSources(text, path);
  if (!checked.ok) throw new Stop(SOAK_EXIT.CONFIG, checked.faults.map(formatFault).join('\n'));
}
