import type { Clock } from '../core/clock.ts';

/** When the open batch goes to the writer: an interval after something came that is worth a row, and not while nothing does. */
export interface Flusher {
  /** There is something to write. */
  touch(): void;
  /** When the open batch got its first frame, ms of performance.now(); the next one opens now. */
  takeOpened(): number;
  stop(): void;
}

/** An interval of the clock's grid, or longer, is the clock's own, so that the process does not wake once more for it. */
const GRID_MS = 1000;

/** `late` gets by how much each timer was late, ms: how long the loop was busy with something else. */
export const flusher = (clock: Clock, intervalMs: number, flush: () => void, late: (ms: number) => void): Flusher =>
  intervalMs >= GRID_MS ? onTheGrid(clock, intervalMs, flush) : onATimer(intervalMs, flush, late);

function onTheGrid(clock: Clock, intervalMs: number, flush: () => void): Flusher {
  const opened = openedAt();
  let stop: (() => void) | null = null;
  const disarm = () => {
    stop?.();
    stop = null;
  };
  const due = () => {
    disarm();
    flush();
  };
  return {
    touch() {
      if (stop !== null) return;
      opened.open();
      stop = clock.every(intervalMs, due);
    },
    takeOpened: opened.take,
    stop: disarm,
  };
}

function onATimer(intervalMs: number, flush: () => void, late: (ms: number) => void): Flusher {
  const opened = openedAt();
  let timer: NodeJS.Timeout | null = null;
  let dueMs = 0;
  const due = () => {
    timer = null;
    late(performance.now() - dueMs);
    flush();
  };
  return {
    touch() {
      if (timer !== null) return;
      dueMs = opened.open() + intervalMs;
      timer = setTimeout(due, intervalMs);
    },
    takeOpened: opened.take,
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

/** A full batch is taken before its time; the one after it opens at once. */
function openedAt() {
  let ms: number | null = null;
  return {
    open(): number {
      ms = performance.now();
      return ms;
    },
    take(): number {
      const now = performance.now();
      const opened = ms ?? now;
      ms = now;
      return opened;
    },
  };
}
