import { closeSync, fstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { openRegular } from './safe-open.ts';

const NAME = 'soak-config.json';
/** Says which release this is; beside the folder of the bundle. */
const SUMS = resolve(import.meta.dirname, '../SHA256SUMS');

interface Remembered {
  sums: string;
  /** Of config.toml, and what it says. */
  text: string;
  config: Config;
  /** Of ws_sources.toml; null if none was seen. */
  sources: string | null;
}

/**
 * What this very release found valid of this very text; null if that was another text, or nothing was kept. Without it a command
 * loads parsers and schemas: 40 ms. It is beside the compiled code and as much to be trusted: a file of this account.
 */
export function rememberedConfig(text: string, env = process.env, sums = SUMS): Config | null {
  const kept = remembered(env, sums);
  return kept?.text === text ? kept.config : null;
}

/** Whether this release found valid sources in this text. */
export const areRememberedSources = (text: string, env = process.env, sums = SUMS): boolean =>
  remembered(env, sums)?.sources === text;

export function rememberConfig(text: string, config: Config, env = process.env, sums = SUMS): void {
  keep({ text, config, sources: remembered(env, sums)?.sources ?? null }, env, sums);
}

/** Beside a config: by themselves they are of no use. */
export function rememberSources(sources: string, env = process.env, sums = SUMS): void {
  const kept = remembered(env, sums);
  if (kept !== null) keep({ ...kept, sources }, env, sums);
}

function remembered(env: NodeJS.ProcessEnv, sums: string): Remembered | null {
  try {
    const kept = JSON.parse(own(placeIn(env))) as Remembered;
    return kept.sums === readFileSync(sums, 'utf8') ? kept : null;
  } catch {
    return null;
  }
}

/** For the next command. Its readers are this account alone: URLs may have passwords in them. */
function keep(kept: Omit<Remembered, 'sums'>, env: NodeJS.ProcessEnv, sums: string): void {
  try {
    const text = JSON.stringify({ ...kept, sums: readFileSync(sums, 'utf8') } satisfies Remembered);
    const path = placeIn(env);
    rmSync(`${path}.part`, { force: true });
    writeFileSync(`${path}.part`, text, { mode: 0o600, flag: 'wx' });
    renameSync(`${path}.part`, path);
  } catch {
    // Of a checkout, or a folder that is full or not ours: checked again by the next command.
  }
}

function placeIn(env: NodeJS.ProcessEnv): string {
  const folder = env['NODE_COMPILE_CACHE'];
  if (folder === undefined) throw new Error('nothing is kept');
  return join(folder, NAME);
}

/** The text of a file of this account. */
function own(path: string): string {
  const fd = openRegular(path, 'read');
  try {
    if (fstatSync(fd).uid !== process.geteuid?.()) throw new Error(`${path}: another account's`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
