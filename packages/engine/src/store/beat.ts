const CALLS = 0;
const COMMITS = 1;
const TICKS = 2;
const WAL_KIB = 3;
const BLOCKED_TENTHS = 4;
const LATENCY_US = 5;
const POSTED = 6;
const ASKED = 7;
const CELLS = 8;
const KIB = 1024;

/** What main thread and writer thread know of each other without a message: both would wake for one. */
export interface Beat {
  /** The memory, to be handed to the other thread. */
  readonly memory: SharedArrayBuffer;
  /** Called by the main thread after a message: wakes the writer. */
  call(): void;
  /** Called by the main thread when a heartbeat is due: wakes the writer, for which there is no message then. */
  ask(): void;
  /** Calls of both kinds, to be read before the two that follow. */
  calls(): number;
  posted(): number;
  asked(): number;
  /** Called by the writer: sleeps until there are other calls than those that it has `seen`. */
  sleep(seen: number): void;
  /** Called by the writer after each commit; `ticks` that were in it. */
  committed(ticks: number): void;
  commits(): number;
  /** Ticks committed so far. */
  ticks(): number;
  /** Called by the writer: the WAL's size, and the age of a reader that keeps it beyond its bound, seconds. */
  setWal(bytes: number, blockedS: number): void;
  wal(): { bytes: number; blockedS: number };
  /** Called by the writer: how long a batch of few rows took from its first frame to its commit, microseconds. */
  setLatency(us: number): void;
  /** The longest of those since the last call; 0 if there was none. */
  takeLatency(): number;
}

/** Over memory of the other thread, or over new memory. Cells wrap; only their changes mean anything. */
export function beatOver(memory = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)): Beat {
  const cells = new Int32Array(memory);
  const total = { ticks: 0, cell: 0 };
  return {
    memory,
    call() {
      Atomics.add(cells, POSTED, 1);
      Atomics.add(cells, CALLS, 1);
      Atomics.notify(cells, CALLS);
    },
    ask() {
      Atomics.add(cells, ASKED, 1);
      Atomics.add(cells, CALLS, 1);
      Atomics.notify(cells, CALLS);
    },
    calls: () => Atomics.load(cells, CALLS),
    posted: () => Atomics.load(cells, POSTED),
    asked: () => Atomics.load(cells, ASKED),
    sleep: (seen) => void Atomics.wait(cells, CALLS, seen),
    committed(ticks) {
      if (ticks > 0) Atomics.add(cells, TICKS, ticks);
      Atomics.add(cells, COMMITS, 1);
    },
    commits: () => Atomics.load(cells, COMMITS),
    ticks() {
      const cell = Atomics.load(cells, TICKS);
      total.ticks += (cell - total.cell) | 0;
      total.cell = cell;
      return total.ticks;
    },
    setWal(bytes, blockedS) {
      Atomics.store(cells, WAL_KIB, Math.ceil(bytes / KIB));
      Atomics.store(cells, BLOCKED_TENTHS, Math.ceil(blockedS * 10));
    },
    wal: () => ({ bytes: Atomics.load(cells, WAL_KIB) * KIB, blockedS: Atomics.load(cells, BLOCKED_TENTHS) / 10 }),
    setLatency(us) {
      Atomics.store(cells, LATENCY_US, Math.max(us, Atomics.load(cells, LATENCY_US)));
    },
    takeLatency: () => Atomics.exchange(cells, LATENCY_US, 0),
  };
}
