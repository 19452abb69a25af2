const MAIN = 0;
const COMMITS = 1;
const CELLS = 2;

/** What main thread and writer thread know of each other without a message: both would wake for one. */
export interface Beat {
  /** The memory, to be handed to the other thread. */
  readonly memory: SharedArrayBuffer;
  /** Called by the main thread while it runs. */
  beat(): void;
  beats(): number;
  /** Called by the writer after each commit. */
  committed(): void;
  commits(): number;
}

/** Over memory of the other thread, or over new memory. Counts wrap; only their changes mean anything. */
export function beatOver(memory = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)): Beat {
  const cells = new Int32Array(memory);
  return {
    memory,
    beat: () => void Atomics.add(cells, MAIN, 1),
    beats: () => Atomics.load(cells, MAIN),
    committed: () => void Atomics.add(cells, COMMITS, 1),
    commits: () => Atomics.load(cells, COMMITS),
  };
}
