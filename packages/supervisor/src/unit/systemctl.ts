import { runCommand } from '../adapters/command.ts';
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
  const flags = scope === 'user' ? ['--user'] : [];
  const command = ['systemctl', ...flags, '--no-ask-password', ...args];
  const ran = await runCommand(command, timeoutMs, systemctlEnvironment(scope));
  const { stderr, exitCode, problem, timedOut, missing } = ran;
  const stdout = ran.stdout.replace(/\n$/, '');
  if (exitCode === 0) return { ok: true, timedOut, missing, stdout, error: '' };
  const why = timedOut ? `no answer within ${timeoutMs / 1000} s` : stderr.split('\n')[0] || problem;
  return { ok: false, timedOut, missing, stdout, error: `systemctl ${args.join(' ')}: ${why}` };
}

/** A cron job or a service has no XDG_RUNTIME_DIR. */
export function systemctlEnvironment(scope: Scope): Record<string, string> {
  const place = scope === 'user' ? userManagerPlace() : null;
  return place === null ? { LC_ALL: 'C' } : { LC_ALL: 'C', XDG_RUNTIME_DIR: place };
}
