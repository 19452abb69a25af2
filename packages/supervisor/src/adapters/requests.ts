import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { REQUESTS, readSoakRequest, type SoakRequest } from '@hybrid-soak/contract/request-file.ts';
import type { Requested } from '@hybrid-soak/contract/soak-request.ts';
import { openRegular } from './safe-open.ts';

const MOST_BYTES = 4096;
/** What was left for a soak that never began says nothing about a later one. */
const FRESH_MS = 60_000;

/**
 * Who asked for this: the newest fresh request with that verb, undefined without one. All with that verb are removed. What
 * cannot be read is not a request.
 */
export function takeRequest(verb: SoakRequest['verb'], folder = REQUESTS): Requested | undefined {
  let newest: { requested: Requested; at: number } | undefined;
  for (const name of namesIn(folder)) {
    const found = readRequest(join(folder, name));
    if (found === null || found.verb !== verb) continue;
    rmSync(join(folder, name), { force: true });
    if (Math.abs(Date.now() - found.at) < FRESH_MS && found.at >= (newest?.at ?? 0))
      newest = { at: found.at, requested: { by: found.by, account: accountOf(found.uid) } };
  }
  return newest?.requested;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

/** `at`: when it was written, wall time, ms. A file with several links may be another's. */
function readRequest(path: string): (SoakRequest & { uid: number; at: number }) | null {
  try {
    const fd = openRegular(path, 'read');
    try {
      const { uid, mtimeMs, nlink } = fstatSync(fd);
      const bytes = Buffer.alloc(MOST_BYTES);
      const text = bytes.toString('utf8', 0, readSync(fd, bytes));
      return nlink === 1 ? { ...readSoakRequest(JSON.parse(text)), uid, at: mtimeMs } : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

/** The name of a user, by id(1); the number if it has none. */
function accountOf(uid: number): string {
  const { status, stdout } = spawnSync('id', ['-nu', '--', String(uid)], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? stdout.trim() : String(uid);
}
