import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { available } from '@hybrid-soak/contract/reading.ts';
import { openRegular } from '../adapters/safe-open.ts';
import type { Outcome, UnitManager } from './manager.ts';
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
  why: string;
  runId: string;
  /** Called with each new process, so that a kill -9 of this one leaves a trace to clean up by. */
  spawned(pid: number): void;
}

/**
 * The stand-in for a machine where no systemd manager answers: runs the same unit file's command, restarts it by the same
 * rules, stops it by SIGTERM and, past the stop timeout, SIGKILL.
 */
export function embeddedUnit({ rules, cwd, logFile, why, runId, spawned }: EmbeddedOptions): UnitManager {
  let child: ChildProcess | null = null;
  let invocation: string | null = null;
  let wanted = false;
  let timer: NodeJS.Timeout | undefined;
  let starts: number[] = [];
  const seen = {
    active: 'inactive',
    sub: 'dead',
    result: 'success',
    restarts: 0,
    status: null as number | null,
    code: null as number | null,
  };

  const launch = () => {
    const now = performance.now();
    const { intervalMs, burst } = rules.startLimit;
    starts = [...starts.filter((at) => now - at < intervalMs), now];
    if (burst > 0 && starts.length > burst) return fail('start-limit-hit');
    invocation = randomUUID().replaceAll('-', '');
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openRegular(logFile, 'append');
    const [command, ...args] = rules.argv;
    const env = { ...process.env, ...rules.environment, INVOCATION_ID: invocation, [RUN_VARIABLE]: runId };
    const started = spawn(command as string, args, { cwd, env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    child = started;
    Object.assign(seen, { active: 'active', sub: 'running', result: 'success' });
    if (started.pid !== undefined) spawned(started.pid);
    started.once('error', (error) => {
      child = null;
      fail(error.message);
    });
    started.once('exit', (status, signal) => onExit(started, status, signal));
  };

  const fail = (result: string) => Object.assign(seen, { active: 'failed', sub: 'failed', result });

  const onExit = (which: ChildProcess, status: number | null, signal: NodeJS.Signals | null) => {
    if (child !== which) return;
    child = null;
    seen.status = status ?? signalNumber(signal);
    seen.code = status === null ? CLD_KILLED : CLD_EXITED;
    const again = wanted && isRestarted(rules, status, signal);
    if (!wanted || endedWell(status, signal))
      Object.assign(seen, { active: 'inactive', sub: 'dead', result: 'success' });
    else fail(status === null ? 'signal' : 'exit-code');
    if (!again) return;
    Object.assign(seen, { active: 'activating', sub: 'auto-restart' });
    timer = setTimeout(
      () => {
        seen.restarts++;
        launch();
      },
      Math.min(rules.restartMs, LONGEST_MS),
    );
  };

  const stop = async () => {
    wanted = false;
    clearTimeout(timer);
    const running = child;
    if (running === null) {
      Object.assign(seen, { active: 'inactive', sub: 'dead' });
      return;
    }
    const gone = new Promise((resolve) => running.once('exit', resolve));
    signalGroup(running, 'SIGTERM');
    // As systemd does, so that a stopped (SIGSTOP) process can end.
    signalGroup(running, 'SIGCONT');
    const kill = setTimeout(() => signalGroup(running, 'SIGKILL'), Math.min(rules.timeoutStopMs, LONGEST_MS));
    await gone;
    clearTimeout(kill);
    // As systemd does with what is left of the cgroup.
    signalGroup(running, 'SIGKILL');
  };

  const start = async () => {
    if (child !== null) return;
    wanted = true;
    clearTimeout(timer);
    starts = [];
    launch();
    // A command that cannot be run shows as an error event, not as an exception.
    const started: ChildProcess | null = child;
    if (started !== null) await spawnedOrFailed(started);
  };

  const outcome = (ok: boolean): Outcome => ({
    ok,
    error: ok ? null : `${seen.active} (${seen.sub}), result ${seen.result}`,
    invocation_id: invocation,
    unit_pid: child?.pid ?? null,
  });

  return {
    name: 'embedded',
    why,
    show: async () =>
      available({
        active_state: seen.active,
        sub_state: seen.sub,
        result: seen.result,
        main_pid: child?.pid ?? 0,
        invocation_id: invocation,
        n_restarts: seen.restarts,
        exec_main_status: seen.status,
        exec_main_code: seen.code,
        control_group: null,
      }),
    async settle() {},
    async start() {
      await start();
      return outcome(child !== null);
    },
    async stop() {
      await stop();
      return outcome(child === null);
    },
    async restart() {
      await stop();
      await start();
      return outcome(child !== null);
    },
    async reload() {
      return outcome(child?.kill('SIGHUP') ?? false);
    },
    async release() {
      await stop();
    },
  };
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
