import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import type { IngestMode, PsiActions } from '@hybrid-soak/contract/modes.ts';
import { readText } from '../adapters/config-text.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { writableFile } from '../adapters/writable.ts';
import { sourcesFaults } from '../recovery/read-config.ts';
import { Stop } from '../stop.ts';

/** What a soak's engine is to run with. */
export interface EngineWish {
  /** An installed unit has its mode from its config; any other engine is this soak's own. */
  installed: boolean;
  /** The config file and its value. */
  path: string;
  config: Config;
  /** Folder that the engine's relative paths are relative to. */
  base: string;
  mode: IngestMode | undefined;
  sources: string | undefined;
}

/** Refuses, before anything is changed, what the engine could not run with. Throws Stop. */
export async function refuseMode(wish: EngineWish): Promise<void> {
  const found = wish.config.engine.ingest_mode;
  if (!wish.installed) await refuseUnready(wish);
  else if (wish.mode !== undefined && wish.mode !== found) {
    const valid = 'valid: set [engine] ingest_mode';
    throw new Stop(SOAK_EXIT.USAGE, `--mode ${wish.mode}: the installed unit runs ${found}; ${valid}`);
  }
}

async function refuseUnready(wish: EngineWish): Promise<void> {
  const { app, engine } = wish.config;
  writableFile('app.db_path', resolve(wish.base, app.db_path), { follow: true });
  const mode = wish.mode ?? engine.ingest_mode;
  if (mode === 'mockws' && engine.ws_url === undefined) refuse(wish, 'engine.ws_url', 'missing', 'a ws:// URL');
  if (mode === 'realws') await refuseSources(wish.sources ?? resolve(dirname(wish.path), 'ws_sources.toml'));
  if (mode !== 'replay') return;
  const { replay_file: file } = engine;
  if (file === undefined) refuse(wish, 'engine.replay_file', 'missing', 'the path of a recording');
  else if (!statSync(resolve(wish.base, file), { throwIfNoEntry: false })?.isFile())
    refuse(wish, 'engine.replay_file', `${file}: no such file`, 'a file of frames or ticks, or a database');
}

function refuse({ path, mode }: EngineWish, key: string, problem: string, valid: string): never {
  const why = mode === undefined ? '' : ` in mode ${mode}`;
  throw new Stop(SOAK_EXIT.CONFIG, `${path}: ${key}: ${problem}${why}; valid: ${valid}`);
}

async function refuseSources(path: string): Promise<void> {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? (error as Error).message})`;
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: ${why}; valid: a readable ws_sources.toml`);
  }
  const faults = await sourcesFaults(text, path);
  if (faults.length > 0) throw new Stop(SOAK_EXIT.CONFIG, faults.map(formatFault).join('\n'));
}

const SQLITE = 'SQLite format 3\0';

/** A database that is there must be one; none at all is for the engine to make. Throws Stop. */
export function checkDatabase(path: string): void {
  let head = '';
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const bytes = Buffer.alloc(SQLITE.length);
    head = fstatSync(fd).isFile() ? bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0)) : 'no file';
    closeSync(fd);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: cannot be read (${errorCode(error)}); valid: a SQLite database`);
  }
  if (head !== '' && head !== SQLITE)
    throw new Stop(SOAK_EXIT.CONFIG, `${path}: is not a SQLite database; valid: the engine's [app] db_path`);
}

/** Without any pressure file there is nothing to judge by; with some of them, the record says which is missing. */
export function refuseBlindness(psiActions: PsiActions): void {
  if (psiActions === 'off') return;
  const { cpu, memory, io } = hostPressure().read();
  if (cpu.available || memory.available || io.available) return;
  throw new Stop(SOAK_EXIT.CONFIG, `${cpu.why}; valid: a kernel with PSI (psi=1), or --psi-actions off`);
}
