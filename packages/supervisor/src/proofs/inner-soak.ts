import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LoggedDecision, loggedDecision } from '@hybrid-soak/contract/decision.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { execa } from 'execa';
import { readJsonLines } from '../adapters/json-lines.ts';
import { opsPaths } from '../adapters/ops-paths.ts';
import { ROOT, soakModule } from '../adapters/root.ts';
import { proofUnit } from '../unit/drop-in.ts';
import type { Ground } from './ground.ts';

const node = (...args: string[]): [string, string[]] => [
  process.execPath,
  [...process.execArgv, soakModule(ROOT), ...args],
];

export type LookedAt = Pick<Observation, 'wall' | 'mono_ms'>;

export interface InnerSoak {
  command: string;
  log: string;
  /** What it has printed. */
  said(): string;
  decisions(): LoggedDecision[];
  /** When it has looked: as its decisions say it (UTC), and its own monotonic ms. */
  looks(): LookedAt[];
  /** The first decision that `wanted` takes, once it is there. */
  decided(what: string, wanted: (record: LoggedDecision) => boolean, seconds: number): Promise<LoggedDecision>;
  /** Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/**
 * A supervisor of its own over the unit, `soak run`, with its log in this run's evidence. It takes the unit's lock, which is
 * let go for it; an embedded engine is its own as well. `env` is added to the environment, which an embedded engine inherits.
 */
export async function innerSoak(
  ground: Ground,
  name: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<InnerSoak> {
  const { out, config } = ground.plan;
  // A running unit would be watched as it is, over the config before this one: the soak has to start it.
  await ground.manager.stop();
  await ground.resetCounters();
  ground.plan.session.unlock();
  const log = join(out, name, 'soak_decisions.jsonl');
  mkdirSync(dirname(log), { recursive: true });
  const own = [
    '--unit',
    proofUnit(ground.manager.name, ground.plan.unit),
    '--manager',
    ground.manager.name,
    '--config',
    config,
    '--decisions',
    log,
  ];
  const [file, argv] = node('run', ...own, '--calibrate', '0', ...args);
  const printed = join(out, name, 'soak.log');
  const output = openSync(printed, 'a');
  ground.nested(opsPaths(log).state);
  const child = spawn(file, argv, {
    stdio: ['ignore', output, output],
    detached: true,
    env: { ...process.env, ...env },
  });
  closeSync(output);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  ground.adopt(child.pid as number);
  const all = decisionsIn(log);
  const before = all().length;
  const decisions = () => all().slice(before);
  return {
    command: ['soak', ...argv.slice(process.execArgv.length + 1)].join(' '),
    log,
    said: () => readFileSync(printed, 'utf8'),
    decisions,
    looks: () => readLooks(opsPaths(log).samples),
    decided: (what, wanted, seconds) =>
      ground.until(
        what,
        () => {
          const found = decisions().find(wanted);
          if (found === undefined && ended) throw new Error(`the soak ended: ${lastLine(printed)}`);
          return found;
        },
        seconds,
      ),
    async kill(signal) {
      child.kill(signal);
      await gone;
      ground.plan.session.lock();
    },
  };
}

/** `soak restore` after a kill -9 of it. */
export async function restoreInner(ground: Ground, soak: InnerSoak): Promise<{ code: number | null; output: string }> {
  const [file, argv] = node('restore', '--decisions', soak.log);
  // It takes the locks itself.
  ground.plan.session.unlock();
  const { exitCode, stdout, stderr } = await execa(file, argv, { reject: false, timeout: 300_000, stdin: 'ignore' });
  ground.plan.session.lock();
  return { code: exitCode ?? null, output: `${stdout}\n${stderr}`.trim() };
}

/** The decisions of a log, which is read again only once it has grown: somebody waits for one and looks twenty times a second. */
function decisionsIn(path: string): () => LoggedDecision[] {
  let bytes = 0;
  let decisions: LoggedDecision[] = [];
  return () => {
    const now = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (now !== bytes) [bytes, decisions] = [now, readDecisions(path)];
    return decisions;
  };
}

function readDecisions(path: string): LoggedDecision[] {
  const records: LoggedDecision[] = [];
  try {
    readJsonLines(path, (value) => {
      const record = loggedDecision(value);
      if (record !== null) records.push(record);
    });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return records;
}

/** Lines without these, such as the file header, are skipped. */
function readLooks(path: string): LookedAt[] {
  const looks: LookedAt[] = [];
  readJsonLines(path, (value) => {
    const { wall, mono_ms } = value as Partial<LookedAt>;
    if (wall !== undefined && mono_ms !== undefined) looks.push({ wall, mono_ms });
  });
  return looks;
}

const lastLine = (path: string) => readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? '';
