/** Past this many bytes a turn the reads are full anyway, and waiting longer would only fill the receive window. */
const ENOUGH_BYTES = 1_000_000;

export interface GatherReads {
  /** From now on one turn of reading every `ms`; 0 reads at once, as they come. */
  set(ms: number): void;
  /** Bytes of a frame that was read. */
  count(bytes: number): void;
}

/**
 * Reads a socket in turns, paused in between, so that the kernel gathers and one read brings many frames: if frames arrive
 * one by one the reads cost more than all else. Nothing is lost: what waits is in the kernel, and flow control bounds it.
 * Pings are answered at the next turn, a quarter of a second later at most. Turns begin with a frame and end when one has
 * brought none, so that a quiet connection has no timer.
 */
export function gatherReads(socket: { pause(): void; resume(): void }): GatherReads {
  let every = 0;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const pauseUntilTurn = () => {
    socket.pause();
    timer = setTimeout(turn, every);
  };
  const turn = () => {
    bytes = 0;
    socket.resume();
    // After the poll phase that follows: all that had gathered has been read by then.
    setImmediate(() => {
      if (timer === undefined || every === 0) return;
      timer = undefined;
      // A turn that was full is not waited after: it would only fill the receive window.
      if (bytes >= ENOUGH_BYTES) timer = setTimeout(turn, every);
      else if (bytes > 0) pauseUntilTurn();
    });
  };
  return {
    set(ms) {
      if (ms === every) return;
      every = ms;
      clearTimeout(timer);
      timer = undefined;
      socket.resume();
    },
    count(n) {
      bytes += n;
      if (every > 0 && timer === undefined) pauseUntilTurn();
    },
  };
}
