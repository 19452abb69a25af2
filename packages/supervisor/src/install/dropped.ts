import { spawnSync } from 'node:child_process';

export interface DroppedRun {
  ok: boolean;
  stdout: string;
  error: string;
}

/** An account by name, with its groups; or a bare user and group id. Null: this process's own account. */
export type As = string | { uid: number; gid: number };

/**
 * Runs a command in a child that has given up root for good. What lies below the state folder belongs to other accounts, which
 * may replace it at any moment: root itself never opens it.
 */
export function dropped(as: As | null, command: string[], input = ''): DroppedRun {
  const { status, stdout, stderr, error } = spawnSync('setpriv', [...identity(as), '--', ...command], {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    input,
    timeout: 60_000,
  });
  const why = stderr?.trim() || error?.message || `exit code ${status}`;
  return { ok: status === 0, stdout: stdout ?? '', error: why };
}

function identity(as: As | null): string[] {
  if (as === null) return [];
  if (typeof as === 'string') return [`--reuid=${as}`, `--regid=${as}`, '--init-groups'];
  return [`--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups'];
}

/** SHA-256 of a regular file as that account reads it; null if there is none. */
export function droppedDigest(as: As, path: string): string | null {
  const script = 'test -f "$1" && ! test -h "$1" && sha256sum < "$1"';
  const { ok, stdout } = dropped(as, ['sh', '-c', script, 'sh', path]);
  return ok ? (stdout.split(' ')[0] ?? null) : null;
}

/** Empties a folder as its owner, which must not be root. */
export function droppedEmpty(as: As, folder: string): DroppedRun {
  return dropped(as, ['find', folder, '-mindepth', '1', '-delete']);
}
