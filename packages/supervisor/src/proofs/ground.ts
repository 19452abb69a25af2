import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { type Settings, withSettings } from '@hybrid-soak/contract/config-settings.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import type { Known, RunState } from '@hybrid-soak/contract/run-state.ts';
import type { UnitReading } from '@hybrid-soak/contract/sample.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { writeSampleEvery } from '../adapters/config-file.ts';
import { readText } from '../adapters/config-text.ts';
import { writeConfig } from '../adapters/config-writer.ts';
import { startTimeOf } from '../adapters/process.ts';
import type { Leaking } from '../adapters/proof-drop-in.ts';
import { replaceFile } from '../adapters/replace-file.ts';
import { saveRunState } from '../recovery/run-state.ts';
import type { Session } from '../run/session.ts';
import { changeDropIn } from '../unit/drop-in.ts';
import type { UnitManager } from '../unit/manager.ts';
import { type Scope, systemctl } from '../unit/systemctl.ts';
import { Interrupted, NotWithin } from './ends.ts';
import { type Scratch, scratchDatabase } from './scratch.ts';

export interface GroundPlan {
  session: Session;
  unit: string;
  config: string;
  /** The engine's own database: looked at, never written by a proof. */
  db: string;
  /** The folder of this run's evidence. */
  out: string;
  /** `data/ops`. */
  ops: string;
  /** The installation. */
  root: string;
  quick: boolean;
}

export type Unit = Extract<UnitReading, { available: true }>['value'];

/** What every proof stands on: the unit, its config, a database of its own, and the record by which it is restored. */
export class Ground {
  readonly plan: GroundPlan;
  readonly quick: boolean;
  readonly manager: UnitManager;
  readonly runState: RunState;
  readonly scratch: Scratch;
  readonly signal = new AbortController();

  constructor(plan: GroundPlan) {
    this.plan = plan;
    this.quick = plan.quick;
    this.manager = plan.session.manager;
    this.runState = plan.session.runState;
    this.scratch = scratchDatabase(join(dirname(plan.db), `proof-${this.runState.run_id.slice(0, 8)}.db`));
  }

  /** The manager's scope for systemctl; null for the embedded stand-in. */
  get scope(): Scope | null {
    return this.manager.name === 'embedded' ? null : this.manager.name;
  }

  /** `full` repetitions, or `few` with --quick. */
  times = (full: number, few: number): number => (this.quick ? few : full);

  #save(): void {
    saveRunState(this.plan.session.runStatePath, this.runState);
  }

  /** Replaces a file; the trace comes first, so that a kill in between can be undone. */
  replace(path: string, text: string): void {
    const { runState } = this;
    runState.replaced ??= [];
    let entry = runState.replaced.find((known) => known.path === path);
    if (entry === undefined) {
      entry = { path, original_text: textOrNull(path), written: [] };
      runState.replaced.push(entry);
    }
    if (!entry.written.includes(text)) entry.written.push(text);
    this.#save();
    if (entry.original_text === null) replaceFile(path, text);
    else writeConfig(realpathSync(path), text);
  }

  /** The real config with other settings, and the proofs' own database. */
  settings(changes: Settings): string {
    const own = { app: { db_path: this.scratch.path }, storage: { flush_interval_ms: 100 } };
    return withSettings(withSettings(this.runState.original_text, own), changes);
  }

  configure(changes: Settings): void {
    const { runState } = this;
    const { config } = this.plan;
    const files = ['', '-wal', '-shm', '.lock', '.lock-journal'].map((suffix) => this.scratch.path + suffix);
    if (runState.scratch === undefined) runState.scratch = files;
    // From here on the proofs stop the unit themselves: a stopped one was not stopped by somebody.
    runState.started = false;
    this.#save();
    this.replace(config, this.settings(changes));
  }

  /** `sample_every` as the supervisor writes it. */
  sampleEvery(value: number): void {
    const { runState } = this;
    const { config } = this.plan;
    const entry = runState.replaced?.find((known) => known.path === config);
    if (entry === undefined) throw new Error('sampleEvery before configure');
    writeSampleEvery(config, value, (text) => {
      if (!entry.written.includes(text)) entry.written.push(text);
      this.#save();
    });
  }

  configText = (): string => readText(this.plan.config);

  /** A process that must not outlive this run: ended by `soak restore` where this one cannot. */
  adopt(pid: number): void {
    const { runState } = this;
    const known: Known = { pid, start_time: startTimeOf(pid) ?? '' };
    runState.helpers = [...(runState.helpers ?? []), known];
    this.#save();
  }

  /** The state file of a soak that a proof starts: whatever becomes of both, what it left is restored. */
  nested(path: string): void {
    const { runState } = this;
    if (runState.nested?.includes(path)) return;
    runState.nested = [...(runState.nested ?? []), path];
    this.#save();
  }

  /** Texts that a soak of a proof may write over the config: no edits of anybody's. */
  expect(texts: string[]): void {
    const { runState } = this;
    const { config } = this.plan;
    const entry = runState.replaced?.find((known) => known.path === config);
    entry?.written.push(...texts.filter((text) => !entry.written.includes(text)));
    this.#save();
  }

  /** Gives the unit the proof's drop-in, or takes it away; the trace comes first. The error, or null. */
  async dropIn(leaking: Leaking | null): Promise<string | null> {
    if (this.scope === null) return null;
    this.runState.drop_in = true;
    this.#save();
    return changeDropIn(this.scope, this.plan.unit, leaking);
  }

  /** The config at each rung, as a soak of a proof writes it. */
  rungTexts(): string[] {
    const text = this.configText();
    return Object.values(SAMPLE_EVERY).map((every) => setSampleEvery(text, every));
  }

  async unit(): Promise<Unit> {
    const reading = await this.manager.show(true);
    if (!reading.available) throw new Error(reading.why);
    return reading.value;
  }

  /** Starts count towards StartLimitBurst, and a proof makes many. */
  async resetCounters(): Promise<void> {
    if (this.scope !== null) await systemctl(this.scope, ['reset-failed', this.plan.unit]);
  }

  /** Restarts the engine over what `configure` wrote; resolves when the new process has committed a row. */
  async restart(): Promise<Unit> {
    await this.resetCounters();
    const outcome = await this.manager.restart();
    if (!outcome.ok) throw new NotWithin(`the unit did not start: ${outcome.error}`);
    return this.writing();
  }

  /** The unit once its present process has committed a row. */
  writing(seconds = 120): Promise<Unit> {
    return this.until(
      'a committed row of the running process',
      async () => {
        const status = this.scratch.status();
        if (status === null || status.ticks_written === 0) return null;
        const unit = await this.unit();
        return unit.active_state === 'active' && unit.main_pid === status.pid ? unit : null;
      },
      seconds,
    );
  }

  /** New rows a second, from one commit to another at least `seconds` later. */
  async rate(seconds: number): Promise<number> {
    const first = await this.#commit();
    await this.pause(seconds * 1000);
    const last = await this.#commit();
    return ((last.id - first.id) * 1000) / (last.at - first.at);
  }

  #commit(): Promise<{ id: number; at: number }> {
    const before = this.scratch.lastId();
    const look = () => {
      const id = this.scratch.lastId();
      return id === before ? null : { id, at: monotonicMs() };
    };
    return this.until('a new row', look, 120, 2);
  }

  /** The first value that is neither undefined, null nor false; rejects with NotWithin past the time. */
  async until<T>(what: string, look: () => Promise<T> | T, seconds: number, everyMs = 50): Promise<NonNullable<T>> {
    const deadline = monotonicMs() + seconds * 1000;
    for (;;) {
      const value = await look();
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
      if (monotonicMs() > deadline) throw new NotWithin(`${what}: not within ${seconds} s`);
      await this.pause(everyMs);
    }
  }

  /** Rejects with Interrupted as soon as the operator asks to stop. */
  pause(ms: number): Promise<void> {
    const { signal } = this.signal;
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(new Interrupted(String(signal.reason)));
      };
      if (signal.aborted) return reject(new Interrupted(String(signal.reason)));
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function textOrNull(path: string): string | null {
  try {
    return readText(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
