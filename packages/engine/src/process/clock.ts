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
export function startClock(): ProcessClock {
  const startedAt = performance.now();
  const tasks = new Set<Task>();
  let timer: NodeJS.Timeout | undefined;
  /** The timer fires each second by itself: to arm one again costs as much as all that an engine at rest does in a second. */
  let beats = false;
  /** When the armed timer should fire. */
  let armedFor = Number.POSITIVE_INFINITY;
  let late = 0;
  let isTicking = false;

  const nextDue = (ms: number, now: number) => {
    if (ms < GRID_MS) return now + ms;
    const passed = now - startedAt + EARLY_MS;
    const onGrid = Math.floor((passed + ms) / GRID_MS) * GRID_MS;
    return startedAt + Math.max(onGrid, (Math.floor(passed / GRID_MS) + 1) * GRID_MS);
  };
  /** The whole second that a call now is meant for, or now. */
  const meantFor = (now: number) => {
    const nearest = startedAt + Math.round((now - startedAt) / GRID_MS) * GRID_MS;
    return Math.abs(now - nearest) <= DRIFT_MS ? nearest : now;
  };
  const disarm = () => {
    clearTimeout(timer);
    timer = undefined;
    beats = false;
    armedFor = Number.POSITIVE_INFINITY;
  };
  const arm = (now: number) => {
    if (isTicking) return;
    let due = Number.POSITIVE_INFINITY;
    let ms = GRID_MS;
    for (const task of tasks) {
      if (task.due >= due) continue;
      due = task.due;
      ms = task.ms;
    }
    if (due === armedFor || (beats && ms >= GRID_MS && Math.abs(due - armedFor) <= DRIFT_MS)) return;
    disarm();
    if (due === Number.POSITIVE_INFINITY) return;
    armedFor = due;
    beats = ms >= GRID_MS && Math.abs(due - now - GRID_MS) <= DRIFT_MS;
    if (beats) timer = setInterval(tick, BEAT_MS);
    else timer = setTimeout(tick, Math.max(1, Math.ceil(due - now)));
  };
  const tick = () => {
    const now = performance.now();
    late = Math.max(0, now - armedFor);
    armedFor = beats ? now + BEAT_MS : Number.POSITIVE_INFINITY;
    isTicking = true;
    const second = meantFor(now);
    const next = nextDue(GRID_MS, second);
    try {
      for (const task of tasks) {
        const at = task.ms < GRID_MS ? now : second;
        if (task.due > at + EARLY_MS) continue;
        task.due = task.ms === GRID_MS ? next : nextDue(task.ms, at);
        task.run(now);
      }
      clock.after(now);
    } finally {
      isTicking = false;
      arm(now);
    }
  };

  const clock: ProcessClock = {
    after: () => {},
    every(ms, run) {
      const now = performance.now();
      const task = { ms, due: nextDue(ms, now), run };
      tasks.add(task);
      arm(now);
      return () => {
        tasks.delete(task);
        arm(performance.now());
      };
    },
    lateMs() {
      if (tasks.size === 0) return 0;
      return isTicking ? late : Math.max(late, performance.now() - armedFor);
    },
    stop() {
      tasks.clear();
      disarm();
    },
  };
  return clock;
}
