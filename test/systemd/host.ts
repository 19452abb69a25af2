import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { bootMachine, INSIDE, type Machine, type Ran, STATE, whyNoMachine } from '../../ops/sandbox/machine.ts';
import { pauseAfter } from '../eventually.ts';
import { furnished } from './prepared.ts';

export const UNIT = 'hybrid-engine.service';
export const NODE = `${INSIDE}/node_modules/.bin/node`;

/** Options of a test that needs a real systemd: skipped with the reason, or failing where REQUIRE_SYSTEMD=1. */
export function needsSystemd(): { skip: string | false } {
  const why = whyNoMachine();
  if (why !== null && process.env['REQUIRE_SYSTEMD'] === '1') throw new Error(`REQUIRE_SYSTEMD=1: ${why}`);
  return { skip: why ?? false };
}

export type Decided = Record<string, unknown>;

/** A wait that is longer than any machine needs. */
const LONG_S = 300;
/** After a failure what is waited for may never come: the file ends about when it would have. */
const SHORT_S = 15;

/** A test, as far as it says what has failed in it. */
interface Telling {
  on(event: 'assert', heard: (result: { ok: boolean }) => void): unknown;
  on(event: 'subtestStart', heard: (test: Telling) => void): unknown;
}

let failed = false;
function hear(test: Telling): void {
  test.on('assert', ({ ok }) => {
    failed ||= !ok;
  });
  test.on('subtestStart', hear);
}
hear(t as unknown as Telling);

const patience = () => (failed ? SHORT_S : LONG_S);

/** The first value that `look` gives that is neither undefined, null nor false; rejects past the deadline. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  seconds = patience(),
): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    const waited = performance.now() - begun;
    if (waited > seconds * 1000) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, pauseAfter(waited, [100, 250])));
  }
}

/** The CPUs that this process may run on (proc_pid_status(5)): what else runs on the machine's host may have the others. */
export function cpus(): number[] {
  const [, list = '0'] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
}

/** Of bash: runs `ms` of each 200 ms of the wall clock, so that several wait for each other, and sleeps until the next. */
export const busyFor = (ms: number): string =>
  [
    // A read that nobody writes for waits without a process of its own.
    'exec 3<> <(:); while :; do',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
    '((at = ${EPOCHREALTIME/[.,]} % 200000));',
    `((at < ${ms}000)) || { printf -v rest 0.%06d $((200000 - at)); read -rt $rest -u 3; }; done`,
  ].join(' ');

/** The first of those CPUs. */
export const share = (part: number): number[] => cpus().slice(0, Math.ceil(cpus().length * part));

const lineOf = (r: Decided): string => `${r['timestamp']} ${r['state']} ${r['action']}: ${r['reason']}`;

/** A machine with a real systemd, and what a test wants to see and do in it: one engine unit in its state folder. */
export class Host {
  readonly machine: Machine;
  readonly unit: string;
  readonly home: string;
  #before = 0;

  constructor(machine: Machine, unit = UNIT, home = STATE) {
    this.machine = machine;
    this.unit = unit;
    this.home = home;
  }

  static async boot(config: string): Promise<Host> {
    const host = new Host(await bootMachine(await furnished()));
    host.writeConfig(config);
    return host;
  }

  /** A second engine in the same machine: a unit, a state folder and a configuration of its own. */
  async another(name: string, config: string): Promise<Host> {
    const host = new Host(this.machine, `${name}.service`, `/var/lib/${name}`);
    const file = (unit: string) => `/etc/systemd/system/${unit}`;
    const folder = (path: string, owner: string, mode: string) => {
      const [user = '', group = ''] = owner.split(':');
      return this.run('install', '-d', '-o', user, '-g', group, '-m', mode, path);
    };
    await folder(host.home, 'root:hybrid-data', '0750');
    await folder(`${host.home}/config`, 'hybrid-soak:hybrid-engine', '2750');
    await folder(`${host.home}/data`, 'root:hybrid-engine', '3775');
    await folder(`${host.home}/data/ops`, 'hybrid-soak:hybrid-soak', '2750');
    await this.run('sh', '-c', `cp -p config/*.toml ${host.home}/config`);
    await this.run('sh', '-c', `sed 's#${this.home}#${host.home}#' ${file(UNIT)} > ${file(host.unit)}`);
    // The shipped rule is for the shipped unit.
    const rules = '/etc/polkit-1/rules.d';
    await this.run(
      'sh',
      '-c',
      `sed 's#${UNIT}#${host.unit}#' ${rules}/50-hybrid-soak.rules > ${rules}/51-${name}.rules`,
    );
    await this.systemctl('daemon-reload');
    host.writeConfig(config);
    return host;
  }

  close = async (): Promise<void> => {
    if (failed) await this.#tell();
    await this.machine.close();
  };

  /** What a reader of a failed test's log wants to see of a machine that is about to be removed. */
  async #tell(): Promise<void> {
    const said = await this.machine.run(['journalctl', '-n', '60', '--no-pager'], { timeoutMs: 20_000 });
    const text = [...this.#all().slice(-40).map(lineOf), said.stdout, said.stderr].join('\n');
    process.stderr.write(`decisions of ${this.unit}, and the journal of its machine:\n${text}\n`);
  }

  /** A file of the state folder, as this side sees it. */
  path = (name: string): string => join(this.machine.root, this.home, name);

  readConfig = (): string => readFileSync(this.path('config/config.toml'), 'utf8');
  writeConfig = (text: string): void => writeFileSync(this.path('config/config.toml'), text);

  run = (...command: string[]): Promise<Ran> =>
    this.machine.run(this.home === STATE ? command : ['env', '-C', this.home, ...command]);
  systemctl = (...args: string[]): Promise<Ran> => this.run('systemctl', ...args);
  soak = (...args: string[]): Promise<Ran> => this.run('soak', ...args);

  async show(property: string, unit = this.unit): Promise<string> {
    return (await this.systemctl('show', unit, '-p', property, '--value')).stdout.trim();
  }

  /** From here on `decisions` are those of what is started next. */
  follow(): void {
    this.#before = this.#all().length;
  }

  /** `soak run` in the machine, with its output kept. From here on `decisions` are this soak's. */
  startSoak(...args: string[]): { signal(name: string): Promise<Ran>; stderr(): string; ended: Promise<Ran> } {
    this.follow();
    const child = this.machine.spawn(['env', '-C', this.home, 'soak', 'run', '--unit', this.unit, ...args], 'pipe');
    const ran: Ran = { code: -1, stdout: '', stderr: '' };
    child.stdout?.on('data', (data) => {
      ran.stdout += data;
    });
    child.stderr?.on('data', (data) => {
      ran.stderr += data;
    });
    const ended = new Promise<Ran>((resolve) => {
      child.once('close', (code) => resolve({ ...ran, code: code ?? -1 }));
    });
    // nsenter stays outside: the signal has to be sent inside. It stops with its child, and continues it when it is continued.
    const signal = async (name: string) => {
      const sent = await this.run('pkill', `-${name}`, '-f', `lib/soak.mjs run --unit ${this.unit}`);
      if (name !== 'STOP') child.kill('SIGCONT');
      return sent;
    };
    return { signal, stderr: () => ran.stderr, ended };
  }

  /** The decisions of the soak that was started last. */
  decisions = (action?: string): Decided[] =>
    this.#all()
      .slice(this.#before)
      .filter((record) => action === undefined || record['action'] === action);

  #all(): Decided[] {
    try {
      return this.#lines('soak_decisions.jsonl').map((line) => JSON.parse(line) as Decided);
    } catch {
      return []; // A line that lost its power is repaired by the next soak.
    }
  }

  /** When the soaks have looked at the engine: as their decisions say it (UTC), and monotonic ms. */
  looks = (): { wall: string; mono_ms: number }[] =>
    this.#lines('soak_samples.jsonl')
      .filter((line) => line.includes('"mono_ms"'))
      .map((line) => JSON.parse(line));

  #lines(name: string): string[] {
    try {
      return readFileSync(this.path(`data/ops/${name}`), 'utf8')
        .split('\n')
        .slice(0, -1);
    } catch {
      return []; // Before a soak has begun.
    }
  }

  /** The first decision with that action (and that `matching` takes), once it is there. */
  async decision(
    action: string,
    matching: (record: Decided) => boolean = () => true,
    seconds = patience(),
  ): Promise<Decided> {
    try {
      return await until(action, () => this.decisions(action).find(matching), seconds);
    } catch (error) {
      throw new Error(`${(error as Error).message}; decisions:\n${this.decisions().map(lineOf).join('\n')}`);
    }
  }

  /** Rows of `ticks`. */
  rows = (): number => this.#ask<{ n: number }>('SELECT COUNT(*) AS n FROM ticks')[0]?.n ?? 0;

  /** Trade frames of each life of the engine that has ended: all that came, and those that sampling kept. */
  lives(): { all: number; kept: number }[] {
    const sql = 'SELECT totals FROM engine_lives WHERE totals IS NOT NULL ORDER BY id';
    return this.#ask<{ totals: string }>(sql).map(({ totals }) => {
      const { trade_frames_kept: kept, sampled_out } = JSON.parse(totals) as Record<string, number>;
      return { all: Number(kept) + Number(sampled_out), kept: Number(kept) };
    });
  }

  /** Rows, read-only from this side; none also before the engine has made the table. */
  #ask<T>(sql: string): T[] {
    let db: Database.Database;
    try {
      db = new Database(this.path('data/bot.db'), { readonly: true, fileMustExist: true });
    } catch {
      return [];
    }
    try {
      return db.prepare(sql).all() as T[];
    } catch {
      return [];
    } finally {
      db.close();
    }
  }

  /**
   * Three loops a core, all at once for 60 ms of each 200: the host's CPU stall time is 30 % or more, whatever the others do, and
   * they leave it most of its time.
   */
  async press(): Promise<void> {
    await this.#hog(3 * cpus().length, busyFor(60), []);
  }

  /**
   * Three meek loops a core, all at once for 80 ms of each 200: tasks wait for two fifths of the time on each core, and nearly
   * all the waiting is theirs; tests beside this one are hardly slowed.
   */
  async pressMeekly(): Promise<void> {
    const weight = ['-p', 'Nice=19', '-p', 'CPUWeight=1'];
    // With CONFIG_SCHED_AUTOGROUP a nice value counts only within a session, and the session has one of its own (sched(7)).
    await this.#hog(3 * cpus().length, `echo 19 2>/dev/null > /proc/self/autogroup; ${busyFor(80)}`, weight);
  }

  /**
   * Some CPU stall time, a fiftieth of the time, for rules with a low limit: three loops a core, all at once for 4 ms of each
   * 200, so that tasks wait on each core, whatever else it has to do.
   */
  async pressSlightly(): Promise<void> {
    await this.#hog(3 * cpus().length, busyFor(4), []);
  }

  async #hog(loops: number, loop: string, properties: string[]): Promise<void> {
    const all = `${Array.from({ length: loops }, () => `(${loop}) &`).join(' ')} wait`;
    // systemd expands ${…} of its environment, also in what systemd-run(1) is given: $$ is a $.
    const shell = ['bash', '-c', all.replaceAll('$', '$$$$')];
    const ran = await this.run('systemd-run', '--unit=hog', '--quiet', '--collect', ...properties, ...shell);
    if (ran.code !== 0) throw new Error(`the loops were not started: ${ran.stderr}`);
  }

  async release(): Promise<void> {
    await this.systemctl('stop', 'hog.service');
  }
}
