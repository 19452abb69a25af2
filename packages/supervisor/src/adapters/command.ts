import { spawn } from 'node:child_process';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

export interface Ran {
  stdout: string;
  stderr: string;
  /** Null if it was not started, or a signal ended it. */
  exitCode: number | null;
  /** Why it was not started, or how it ended; empty with exit code 0. */
  problem: string;
  timedOut: boolean;
  /** There is no such program. */
  missing: boolean;
}

/**
 * Runs a program to its end: no shell, nothing on stdin, killed after `timeoutMs`. Never throws. By spawn(), and not by a library:
 * the hundred modules of one take longer than most programs that are run here.
 */
export function runCommand(command: readonly string[], timeoutMs: number, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const [file, ...args] = command as [string, ...string[]];
  return new Promise((resolve) => {
    const said = { stdout: '', stderr: '' };
    let timedOut = false;
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const ended = (exitCode: number | null, problem: string, missing = false) => {
      clearTimeout(timer);
      resolve({ ...said, exitCode, problem, timedOut, missing });
    };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    child.on('error', (error) => ended(null, error.message, errorCode(error) === 'ENOENT'));
    // What a killed one has started may hold its pipes open.
    child.on('exit', () => {
      if (timedOut) for (const name of ['stdout', 'stderr'] as const) child[name].destroy();
    });
    child.on('close', (code, signal) => ended(code, code === 0 ? '' : `exit code ${code ?? signal}`));
  });
}
