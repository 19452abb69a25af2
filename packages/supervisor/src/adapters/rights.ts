import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

const BITS = { read: 0o4, write: 0o2 };

interface Ids {
  uid: number;
  gids: number[];
}

/** User and group ids of an account, its supplementary groups among them (id(1)); null if there is no such account. */
export function idsOf(user: string): Ids | null {
  const ids = (flag: string) => spawnSync('id', [flag, user], { encoding: 'utf8' });
  const [uid, gids] = [ids('-u'), ids('-G')];
  if (uid.status !== 0 || gids.status !== 0) return null;
  return { uid: Number(uid.stdout), gids: gids.stdout.trim().split(' ').map(Number) };
}

/**
 * Whether an account may do that, by owner, group and mode alone: what an ACL or a mount adds is not looked at. What this
 * process cannot see counts as forbidden; a file that does not exist as allowed.
 */
export function mayDo({ uid, gids }: Ids, right: keyof typeof BITS, path: string): boolean {
  if (uid === 0) return true;
  try {
    const stat = statSync(path);
    const shift = stat.uid === uid ? 6 : gids.includes(stat.gid) ? 3 : 0;
    return ((stat.mode >> shift) & BITS[right]) !== 0;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}
