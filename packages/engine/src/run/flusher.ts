/** When the open batch goes to the writer: an interval after something came that is worth a row, and not while nothing does. */
export interface Flusher {
  /** There is something to write. */
  touch(): void;
  stop(): void;
}

export function flusher(intervalMs: number, flush: () => void): Flusher {
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
