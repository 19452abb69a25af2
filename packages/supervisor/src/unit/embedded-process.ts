import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { openRegular } from '../adapters/safe-open.ts';
import { endedWell, isRestarted, type ServiceRules } from './unit-file.ts';

const CLD_EXITED = 1;
const CLD_KILLED = 2;
/** The longest delay that a Node timer can hold; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** In the engine's environment: the run that started it. */
export const RUN_VARIABLE = 'HYBRID_SOAK_RUN';

export interface EmbeddedOptions {
  rules: ServiceRules;
  cwd: string;
  /** The engine's stdout and stderr: what journald would have kept. */
  logFile: string;
  runId: string;
  /** Called with each new process, so that a kill -9 of this one leaves a trace to clean up by. */
  spawned(pid: number): void;
}

/** The engine's process under the rules of its unit file: started again, and stopped, as systemd would. */
export class EmbeddedProcess {
  /** As systemd's properties of the same names have it: ActiveState, SubState, Result, NRestarts, ExecMainStatus, -Code. */
  readonly seen = {
    active: 'inactive',
    sub: 'dead',
    result: 'success',
    restarts: 0,
    status: null as number | null,
    code: null as number | null,
  };
  invocation: string | null = null;
  child: ChildProcess | null = null;
  readonly #options: EmbeddedOptions;
  #wanted = false;
  #timer: NodeJS.Timeout | undefined;
  #starts: number[] = [];

  constructor(options: EmbeddedOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.child !== null) return;
    this.#wanted = true;
    clearTimeout(this.#timer);
    this.#starts = [];
    this.#launch();
    // A command that cannot be run shows as an error event, not as an exception.
    const started: ChildProcess | null = this.child;
    if (started !== null) await spawnedOrFailed(started);
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#timer);
    const running = this.child;
    if (running === null) {
      Object.assign(this.seen, { active: 'inactive', sub: 'dead' });
      return;
    }
    const gone = new Promise((resolve) => running.once('exit', resolve));
    signalGroup(running, 'SIGTERM');
    // As systemd does, so that a stopped (SIGSTOP) process can end.
    signalGroup(running, 'SIGCONT');
    const { timeoutStopMs } = this.#options.rules;
    const kill = setTimeout(() => signalGroup(running, 'SIGKILL'), Math.min(timeoutStopMs, LONGEST_MS));
    await gone;
    clearTimeout(kill);
    // As systemd does with what is left of the cgroup.
    signalGroup(running, 'SIGKILL');
  }

  #launch(): void {
    const { rules, logFile, cwd, runId, spawned } = this.#options;
    if (this.#startsTooOften()) {
      this.#fail('start-limit-hit');
      return;
    }
    this.invocation = randomUUID().replaceAll('-', '');
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openRegular(logFile, 'append');
    const [command, ...args] = rules.argv;
    const env = {
      ...process.env,
      ...rules.environment,
      // The unit's is a folder that systemd makes for the unit's account (CacheDirectory=), not for the user of this process.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      INVOCATION_ID: this.invocation,
      [RUN_VARIABLE]: runId,
    };
    const started = spawn(command as string, args, { cwd, env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.child = started;
    Object.assign(this.seen, { active: 'active', sub: 'running', result: 'success' });
    if (started.pid !== undefined) spawned(started.pid);
    started.once('error', (error) => {
      this.child = null;
      this.#fail(error.message);
    });
    started.once('exit', (status, signal) => this.#onExit(started, status, signal));
  }

  #startsTooOften(): boolean {
    const now = performance.now();
    const { intervalMs, burst } = this.#options.rules.startLimit;
    this.#starts = [...this.#starts.filter((at) => now - at < intervalMs), now];
    return burst > 0 && this.#starts.length > burst;
  }

  #fail(result: string): void {
    Object.assign(this.seen, { active: 'failed', sub: 'failed', result });
  }

  #onExit(which: ChildProcess, status: number | null, signal: NodeJS.Signals | null): void {
    if (this.child !== which) return;
    this.child = null;
    const { rules } = this.#options;
    const { seen } = this;
    seen.status = status ?? signalNumber(signal);
    seen.code = status === null ? CLD_KILLED : CLD_EXITED;
    if (!this.#wanted || endedWell(status, signal))
      Object.assign(seen, { active: 'inactive', sub: 'dead', result: 'success' });
    else this.#fail(status === null ? 'signal' : 'exit-code');
    if (!this.#wanted || !isRestarted(rules, status, signal)) return;
    Object.assign(seen, { active: 'activating', sub: 'auto-restart' });
    const restart = () => {
      seen.restarts++;
      this.#launch();
    };
    this.#timer = setTimeout(restart, Math.min(rules.restartMs, LONGEST_MS));
  }
}

/** The process leads a group of its own; its children get the signal too. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

function spawnedOrFailed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('spawn', resolve);
    child.once('error', () => resolve());
  });
}

function signalNumber(signal: NodeJS.Signals | null): number | null {
  return signal === null ? null : constants.signals[signal];
}
