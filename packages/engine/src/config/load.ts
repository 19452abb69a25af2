import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { checkConfig, checkSources } from '@hybrid-soak/contract/config-check.ts';
import { placeOf } from '@hybrid-soak/contract/config-place.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import type { Checked, Fault } from '@hybrid-soak/contract/fault.ts';
import type { IngestMode } from '@hybrid-soak/contract/modes.ts';
import { siteOfSource } from '../core/exchanges.ts';
import { lastsByCode } from '../core/lasts.ts';
import { proxyFault } from '../core/proxy.ts';
import type { Files } from './files.ts';
import { fromHere } from './loaded.ts';
import { bytesOf } from './read.ts';

/**
 * Reads and checks the configuration; reports every fault at once. `sourcesFile` is read in mode realws only. `seen` gets the bytes
 * that were read, by path.
 */
export function loadConfig(
  file: string,
  sourcesFile: string | undefined,
  mode?: IngestMode,
  seen?: Map<string, Buffer>,
): Checked<Files> {
  const text = read(file, seen);
  if (typeof text !== 'string') return { ok: false, faults: [text] };
  const checked = checkConfig(text, file);
  if (!checked.ok) return checked;
  const config = checked.value;
  if (mode !== undefined) config.engine.ingest_mode = mode;
  if (config.engine.ingest_mode === 'mockws') {
    const url = config.engine.ws_url;
    if (url === undefined)
      return { ok: false, faults: [fault(file, 'engine.ws_url', 'missing in mode mockws', 'a ws:// URL')] };
    const source = named({ name: 'mockws', url, kind: 'ticker', priority: 1 }, config.app.symbol);
    return { ok: true, value: { config, sources: [source] } };
  }
  if (config.engine.ingest_mode === 'replay') {
    const wrong = recordingFault(config);
    const at = { file, key: 'engine.replay_file', ...placeOf(text, 'engine.replay_file') };
    if (wrong !== null) return { ok: false, faults: [{ ...at, ...wrong }] };
  }
  if (config.engine.ingest_mode !== 'realws') return { ok: true, value: { config, sources: [] } };
  const path = sourcesFile ?? resolve(dirname(file), 'ws_sources.toml');
  const sourcesText = read(path, seen);
  if (typeof sourcesText !== 'string') return { ok: false, faults: [sourcesText] };
  const sources = checkSources(sourcesText, path);
  if (!sources.ok) return sources;
  const proxy = proxyFault(process.env);
  if (proxy !== undefined && sources.value.source.some(({ url }) => /^wss:/i.test(url)))
    return { ok: false, faults: [fault('environment', 'HTTPS_PROXY', proxy.problem, proxy.valid)] };
  return {
    ok: true,
    value: { config, sources: sources.value.source.map((source) => named(source, config.app.symbol)) },
  };
}

/** If a subscription is sent, the symbol to ask for: the source's own, else the config's, in that exchange's spelling. */
function named(source: Source, symbol: string): Source {
  const site = siteOfSource(source);
  if (site?.asks !== true) return source;
  return { ...source, symbol: site.wireSymbol(source.symbol ?? symbol) };
}

/** The fault of the recording to replay; null if it can be read. */
function recordingFault({ app, engine }: Config): Pick<Fault, 'problem' | 'valid'> | null {
  const { replay_file: name } = engine;
  if (name === undefined) return { problem: 'missing in mode replay', valid: 'the path of a recording' };
  try {
    if (!statSync(fromHere(name)).isFile())
      return { problem: `${name} is not a file`, valid: 'lines of frames or ticks, or a database' };
    accessSync(fromHere(name), constants.R_OK);
    if (realpathSync(fromHere(name)) === realPath(fromHere(app.db_path)))
      return { problem: `${name} is the database being written`, valid: 'another file, or another [app] db_path' };
    return null;
  } catch (error) {
    const code = errorCode(error);
    const problem = code === 'ENOENT' ? `${name}: no such file` : `${name} cannot be read (${code})`;
    return { problem, valid: 'a readable file of frames or ticks, or a database' };
  }
}

function realPath(path: string): string | null {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? null : realpathSync(path);
}

/** The text, or what is wrong for good. What fails for now is thrown. */
function read(file: string, seen?: Map<string, Buffer>): string | Fault {
  try {
    const bytes = bytesOf(file);
    seen?.set(file, bytes);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const code = errorCode(error);
    if (lastsByCode(code) === 'now') throw error;
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'not UTF-8, which TOML requires' : code;
    const problem = code === 'ENOENT' ? 'no such file' : `cannot be read (${why})`;
    return fault(file, '', problem, 'a readable TOML file');
  }
}

const fault = (file: string, key: string, problem: string, valid: string): Fault => ({
  file,
  line: 0,
  column: 0,
  key,
  problem,
  valid,
});
