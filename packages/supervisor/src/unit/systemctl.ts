import { userManagerPlace } from './user-runtime.ts';

export type Scope = 'system' | 'user';

export interface Called {
  ok: boolean;
  timedOut: boolean;
  /** There is no such program. */
  missing: boolean;
  stdout: string;
  error: string;
}

/** One `systemctl` call: no password prompt, no shell, bounded by a timeout and a forced kill. Never throws. */
export async function systemctl(scope: Scope, args: string[], timeoutMs = 10_000): Promise<Called> {
  // A hundred modules, which a command that asks systemd nothing need not load.
  const { execa } = await import('execa');
  const flags = scope === 'user' ? ['--user'] : [];
  const result = await execa('systemctl', [...flags, '--no-ask-password', ...args], {
    reject: false,
    timeout: timeoutMs,
    forceKillAfterDelay: 1000,
    stdin: 'ignore',
    env: systemctlEnvironment(scope),
  });
  const { stdout, timedOut, failed, stderr, originalMessage, exitCode } = result;
  const missing = result.code === 'ENOENT';
  if (!failed) return { ok: true, timedOut, missing, stdout, error: '' };
  const line = stderr.split('\n')[0] || originalMessage || `exit code ${exitCode}`;
  const why = timedOut ? `no answer within ${timeoutMs / 1000} s` : line;
  return { ok: false, timedOut, missing, stdout, error: `systemctl ${args.join(' ')}: ${why}` };
}

/** A cron job or a service has no XDG_RUNTIME_DIR. */
export function systemctlEnvironment(scope: Scope): Record<string, string> {
  const place = scope === 'user' ? userManagerPlace() : null;
  return place === null ? { LC_ALL: 'C' } : { LC_ALL: 'C', XDG_RUNTIME_DIR: place };
}
