import type { Clock } from '../core/clock.ts';

const GRID_MS = 1000;

interface Task {
  ms: number;
  due: number;
  run: (nowMs: number) => void;
}

/** The clock of the process, and what it knows of how late the process is. */
export interface ProcessClock extends Clock {
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
  /** When the armed timer should fire. */
  let armedFor = Number.POSITIVE_INFINITY;
  let late = 0;
  let isTicking = false;

  const nextDue = (ms: number, now: number) => {
    if (ms < GRID_MS) return now + ms;
    const passed = now - startedAt;
    // A timer fires up to a millisecond early: that is still the grid point it was armed for.
    const onGrid = Math.floor((passed + ms + 1) / GRID_MS) * GRID_MS;
    return startedAt + Math.max(onGrid, (Math.floor((passed + 1) / GRID_MS) + 1) * GRID_MS);
  };
  const arm = () => {
    if (isTicking) return;
    let due = Number.POSITIVE_INFINITY;
    for (const task of tasks) due = Math.min(due, task.due);
    if (due === armedFor) return;
    armedFor = due;
    clearTimeout(timer);
    if (due < Number.POSITIVE_INFINITY) timer = setTimeout(tick, Math.max(1, Math.ceil(due - performance.now())));
  };
  const tick = () => {
    timer = undefined;
    const now = performance.now();
    late = Math.max(0, now - armedFor);
    armedFor = Number.POSITIVE_INFINITY;
    isTicking = true;
    try {
      for (const task of tasks) {
        if (task.due > now + 1) continue;
        task.due = nextDue(task.ms, now);
        task.run(now);
      }
    } finally {
      isTicking = false;
      arm();
    }
  };

  return {
    every(ms, run) {
      const task = { ms, due: nextDue(ms, performance.now()), run };
      tasks.add(task);
      arm();
      return () => {
        tasks.delete(task);
        arm();
      };
    },
    lateMs: () => (tasks.size === 0 ? 0 : Math.max(late, performance.now() - armedFor, 0)),
    stop() {
      tasks.clear();
      arm();
    },
  };
}
