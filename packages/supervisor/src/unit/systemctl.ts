import { spawn } from 'node:child_process';
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
  const { stdout, stderr, end, timedOut, missing } = await run(
    [...flags, '--no-ask-password', ...args],
    scope,
    timeoutMs,
  );
  if (end === 0) return { ok: true, timedOut, missing, stdout, error: '' };
  const why = timedOut ? `no answer within ${timeoutMs / 1000} s` : stderr.split('\n')[0] || String(end);
  return { ok: false, timedOut, missing, stdout, error: `systemctl ${args.join(' ')}: ${why}` };
}

interface Ended {
  stdout: string;
  stderr: string;
  /** 0, or how it ended instead. */
  end: 0 | string;
  timedOut: boolean;
  missing: boolean;
}

/**
 * By spawn(), and not by a library: the hundred modules of one take longer than systemd's answer. A client of systemd has nothing
 * to put in order, so that it is killed at once.
 */
function run(args: string[], scope: Scope, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    const said = { stdout: '', stderr: '' };
    let timedOut = false;
    const child = spawn('systemctl', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...systemctlEnvironment(scope) },
    });
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const ended = (end: Ended['end'], missing = false) => {
      clearTimeout(timer);
      resolve({ ...said, stdout: said.stdout.replace(/\n$/, ''), end, timedOut, missing });
    };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => ended(message, code === 'ENOENT'));
    // What a killed one has started may hold its pipes open.
    child.on('exit', () => {
      if (timedOut) for (const name of ['stdout', 'stderr'] as const) child[name].destroy();
    });
    child.on('close', (code, signal) => ended(code === 0 ? 0 : `exit code ${code ?? signal}`));
  });
}

/** A cron job or a service has no XDG_RUNTIME_DIR. */
export function systemctlEnvironment(scope: Scope): Record<string, string> {
  const place = scope === 'user' ? userManagerPlace() : null;
  return place === null ? { LC_ALL: 'C' } : { LC_ALL: 'C', XDG_RUNTIME_DIR: place };
}
