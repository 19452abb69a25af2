import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../eventually.ts';
import { SOAK } from '../../programs.ts';
import { printedIfFailed } from '../../said.ts';

export const CONFIG = '# kept\n[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1 # one\n';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** This account's last run is looked for in `cwd`, so that tests do not find each other's. */
export const environment = (cwd: string): NodeJS.ProcessEnv => ({ ...process.env, XDG_STATE_HOME: join(cwd, 'state') });

interface Soaked {
  child: ChildProcess;
  ended: Promise<Ran>;
}

/** The real command in `cwd`; `ended` holds what it printed. */
export const soak = (cwd: string, ...args: string[]): Soaked => soakWith(environment(cwd), cwd, ...args);

function soakWith(env: NodeJS.ProcessEnv, cwd: string, ...args: string[]): Soaked {
  const child = spawn(SOAK, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  printedIfFailed(`soak ${args.join(' ')} in ${cwd}`, () => ran.stderr + ran.stdout);
  child.stdout?.on('data', (data) => {
    ran.stdout += data;
  });
  child.stderr?.on('data', (data) => {
    ran.stderr += data;
  });
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code) => resolve({ ...ran, code }));
  });
  return { child, ended };
}

/** `soak run` with the embedded stand-in, which needs no systemd, blind to the pressure of the machine of the test. */
export const run = (cwd: string, ...args: string[]) => runWith(environment(cwd), cwd, ...args);

export const runWith = (env: NodeJS.ProcessEnv, cwd: string, ...args: string[]): Soaked =>
  soakWith(env, cwd, 'run', '--manager', 'embedded', '--psi-actions', 'off', '--interval', '0.2s', ...args);

export function decisions(cwd: string): Record<string, unknown>[] {
  const path = join(cwd, 'data/ops/soak_decisions.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The first decision with that action, once it is there. */
export async function decided(cwd: string, action: string): Promise<Record<string, unknown>> {
  return eventually(() => decisions(cwd).find((record) => record['action'] === action));
}

/** Whether a process is there and no zombie. */
export function alive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
