import type { Clock } from '../core/clock.ts';

/** When the open batch goes to the writer: an interval after something came that is worth a row, and not while nothing does. */
export interface Flusher {
  /** There is something to write. */
  touch(): void;
  stop(): void;
}

/** An interval of the clock's grid, or longer, is the clock's own, so that the process does not wake once more for it. */
const GRID_MS = 1000;

export const flusher = (clock: Clock, intervalMs: number, flush: () => void): Flusher =>
  intervalMs >= GRID_MS ? onTheGrid(clock, intervalMs, flush) : onATimer(intervalMs, flush);

function onTheGrid(clock: Clock, intervalMs: number, flush: () => void): Flusher {
  let isDue = false;
  const stop = clock.every(intervalMs, () => {
    if (!isDue) return;
    isDue = false;
    flush();
  });
  return {
    touch() {
      isDue = true;
    },
    stop,
  };
}

function onATimer(intervalMs: number, flush: () => void): Flusher {
  let timer: NodeJS.Timeout | null = null;
  const due = () => {
    timer = null;
    flush();
  };
  return {
    touch() {
      timer ??= setTimeout(due, intervalMs);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
