import type { Clock } from '../core/clock.ts';

const GRID_MS = 1000;
/** A timer fires up to a millisecond early. */
const EARLY_MS = 1;
/** A timer that repeats each second is as far as this from the whole second at most; else it is replaced. */
const DRIFT_MS = 50;
/** Timers fire late: up to a millisecond, and what the loop takes. */
const BEAT_MS = 999;

interface Task {
  ms: number;
  due: number;
  run: (nowMs: number) => void;
}

/** The clock of the process, and what it knows of how late the process is. */
export interface ProcessClock extends Clock {
  /** Called each time after the work that was due. */
  after: (nowMs: number) => void;
  /**
   * How long a frame read now may have waited in the kernel because this process did not run, ms: by how much the last call
   * was late, or the next one is by now. 0 while all is well; short of the true time by at most the time to the next call,
   * which is one second at most.
   */
  lateMs(): number;
  stop(): void;
}

/** Starts the clock. Its timer is armed only while there is work. */
export const startClock = (): ProcessClock => new GridClock();

class GridClock implements ProcessClock {
  after: (nowMs: number) => void = () => {};
  readonly #startedAt = performance.now();
  /** Replaced if it changes, so that a turn goes on over the one that it began with; by number, since an iterator makes garbage. */
  #tasks: readonly Task[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The timer fires each second by itself: to arm one again costs a tenth of all that an engine at rest does in a second. */
  #beats = false;
  /** When the armed timer should fire. */
  #armedFor = Number.POSITIVE_INFINITY;
  #late = 0;
  #isTicking = false;

  every(ms: number, run: (nowMs: number) => void): () => void {
    const task = { ms, due: this.#nextDue(ms, performance.now()), run };
    this.#tasks = [...this.#tasks, task];
    this.#arm();
    return () => {
      task.due = Number.POSITIVE_INFINITY;
      this.#tasks = this.#tasks.filter((other) => other !== task);
      this.#arm();
    };
  }

  lateMs = (): number => {
    if (this.#tasks.length === 0) return 0;
    return this.#isTicking ? this.#late : Math.max(this.#late, performance.now() - this.#armedFor);
  };

  stop(): void {
    for (const task of this.#tasks) task.due = Number.POSITIVE_INFINITY;
    this.#tasks = [];
    this.#disarm();
  }

  #nextDue(ms: number, now: number): number {
    if (ms < GRID_MS) return now + ms;
    const passed = now - this.#startedAt + EARLY_MS;
    const onGrid = Math.floor((passed + ms) / GRID_MS) * GRID_MS;
    return this.#startedAt + Math.max(onGrid, (Math.floor(passed / GRID_MS) + 1) * GRID_MS);
  }

  /** The whole second that a call now is meant for, or now. */
  #meantFor(now: number): number {
    const nearest = this.#startedAt + Math.round((now - this.#startedAt) / GRID_MS) * GRID_MS;
    return Math.abs(now - nearest) <= DRIFT_MS ? nearest : now;
  }

  readonly #tick = () => {
    const now = performance.now();
    this.#late = Math.max(0, now - this.#armedFor);
    this.#armedFor = this.#beats ? now + BEAT_MS : Number.POSITIVE_INFINITY;
    this.#isTicking = true;
    const tasks = this.#tasks;
    const second = this.#meantFor(now);
    const next = this.#nextDue(GRID_MS, second);
    try {
      for (let n = 0; n < tasks.length; n++) {
        const task = tasks[n] as Task;
        const at = task.ms < GRID_MS ? now : second;
        if (task.due > at + EARLY_MS) continue;
        task.due = task.ms === GRID_MS ? next : this.#nextDue(task.ms, at);
        task.run(now);
      }
      this.after(now);
    } finally {
      this.#isTicking = false;
      this.#arm();
    }
  };

  #arm(): void {
    if (this.#isTicking) return;
    let due = Number.POSITIVE_INFINITY;
    let ms = GRID_MS;
    const tasks = this.#tasks;
    for (let n = 0; n < tasks.length; n++) {
      const task = tasks[n] as Task;
      if (task.due >= due) continue;
      due = task.due;
      ms = task.ms;
    }
    const onGrid = ms >= GRID_MS;
    if (due === this.#armedFor || (this.#beats && onGrid && Math.abs(due - this.#armedFor) <= DRIFT_MS)) return;
    this.#disarm();
    if (due === Number.POSITIVE_INFINITY) return;
    this.#armedFor = due;
    const leftMs = due - performance.now();
    this.#beats = onGrid && Math.abs(leftMs - GRID_MS) <= DRIFT_MS;
    if (this.#beats) this.#timer = setInterval(this.#tick, BEAT_MS);
    else this.#timer = setTimeout(this.#tick, Math.max(1, Math.ceil(leftMs)));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#beats = false;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }
}
