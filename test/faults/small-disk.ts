import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotPossible } from './fault.ts';

/** Beyond this a disk is an image on the real one, not memory. */
const LARGEST_TMPFS_MIB = 512;

/** A folder on a disk of its own, and its end. Throws NotPossible if none can be mounted. */
export function smallDisk(mib: number): { cwd: string; remove(): void } {
  if (process.getuid?.() !== 0) throw new NotPossible('only root may mount a small disk');
  const at = mkdtempSync(join(tmpdir(), 'faults-'));
  const cwd = join(at, 'disk');
  mkdirSync(cwd);
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });
  try {
    if (mib <= LARGEST_TMPFS_MIB) run('mount', '-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', cwd);
    else {
      run('truncate', '-s', `${mib}M`, join(at, 'image'));
      run('mkfs.ext4', '-q', '-m', '0', join(at, 'image'));
      run('mount', '-o', 'loop', join(at, 'image'), cwd);
    }
  } catch (error) {
    rmSync(at, { recursive: true, force: true });
    throw new NotPossible(`no disk can be mounted here: ${(error as Error).message.trim()}`);
  }
  return {
    cwd,
    remove() {
      run('umount', '--lazy', cwd);
      rmSync(at, { recursive: true, force: true });
    },
  };
}
