import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConfigFlags, Files } from './files.ts';
import { bytesOf } from './read.ts';

/** Rungs of the ladder are different configurations, each started with again and again. */
const MOST_KEPT = 8;
const NAME = /^config-[0-9a-f]{32}\.json$/;
/** Says which release this is; beside the folder of the bundle. */
const SUMS = resolve(import.meta.dirname, '../SHA256SUMS');

interface Kept {
  files: Files;
  /** Of the file of sources, if it was read. */
  sources: { path: string; digest: string } | null;
}

/**
 * What was found valid of these very bytes, by the same release under the same proxy; null if nothing was kept of it. Without it
 * a start loads parser and schemas in a thread of their own: 60 ms of CPU. It is beside the compiled code and as much to be
 * trusted: a file of this account.
 */
export function keptConfig(flags: ConfigFlags, env: NodeJS.ProcessEnv, sums = SUMS): Files | null {
  const folder = env['NODE_COMPILE_CACHE'];
  if (folder === undefined) return null;
  try {
    const { files, sources } = JSON.parse(own(join(folder, nameOf(flags, bytesOf(flags.config), env, sums)))) as Kept;
    return sources === null || digestOf(bytesOf(sources.path)) === sources.digest ? files : null;
  } catch {
    return null;
  }
}

/** Keeps it for the next start. `read`: the bytes that it was found in, by path. Never a recording, whose file is looked at each time. */
export function keepConfig(
  files: Files,
  read: ReadonlyMap<string, Buffer>,
  flags: ConfigFlags,
  env: NodeJS.ProcessEnv,
  sums = SUMS,
): void {
  const folder = env['NODE_COMPILE_CACHE'];
  const bytes = read.get(flags.config);
  if (folder === undefined || bytes === undefined || files.config.engine.ingest_mode === 'replay') return;
  const [sources] = [...read].filter(([path]) => path !== flags.config);
  const kept: Kept = {
    files,
    sources: sources === undefined ? null : { path: sources[0], digest: digestOf(sources[1]) },
  };
  try {
    const path = join(folder, nameOf(flags, bytes, env, sums));
    // URLs may have passwords in them.
    rmSync(`${path}.part`, { force: true });
    writeFileSync(`${path}.part`, JSON.stringify(kept), { mode: 0o600, flag: 'wx' });
    renameSync(`${path}.part`, path);
    const all = readdirSync(folder)
      .filter((name) => NAME.test(name))
      .map((name) => ({ name, atMs: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.atMs - a.atMs);
    for (const { name } of all.slice(MOST_KEPT)) rmSync(join(folder, name), { force: true });
  } catch {
    // Of a checkout, or a folder that is full or not ours: checked again at the next start.
  }
}

/** Loaded only here: the thread of the writer shares a bundle with this and needs no cryptography. */
const sha256 = () => process.getBuiltinModule('node:crypto').createHash('sha256');

const digestOf = (bytes: Buffer): string => sha256().update(bytes).digest('hex');

function nameOf({ config, sources, mode }: ConfigFlags, bytes: Buffer, env: NodeJS.ProcessEnv, sums: string): string {
  const given = [config, sources, mode, process.cwd(), env['https_proxy'], env['HTTPS_PROXY']];
  const hash = sha256()
    .update(readFileSync(sums))
    .update(JSON.stringify(given.map((text) => text ?? null)));
  return `config-${hash.update(bytes).digest('hex').slice(0, 32)}.json`;
}

/** The text of a file of this account. */
function own(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.uid !== process.geteuid?.()) throw new Error(`${path}: another account's`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
