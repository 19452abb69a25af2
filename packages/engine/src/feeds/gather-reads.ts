/** Past this many bytes a turn the reads are full anyway, and waiting longer would only fill the receive window. */
const ENOUGH_BYTES = 1_000_000;

export interface GatherReads {
  /** From now on one turn of reading every `ms`; 0 reads at once, as they come. */
  set(ms: number): void;
  /** Bytes that a frame brought. */
  count(bytes: number): void;
}

/**
 * Reads a socket in turns: paused in between, so that the kernel gathers and one read brings many frames. Where frames
 * arrive one by one the reads cost more than all else. Nothing is lost: what waits, waits in the kernel, and flow control
 * bounds it. Pings are answered at the next turn, a quarter of a second later at most.
 */
export function gatherReads(socket: { pause(): void; resume(): void }): GatherReads {
  let every = 0;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const turn = () => {
    bytes = 0;
    socket.resume();
    // After the poll phase that follows: all that had gathered has been read by then.
    setImmediate(() => {
      if (every > 0 && bytes < ENOUGH_BYTES) socket.pause();
    });
  };
  return {
    set(ms) {
      if (ms === every) return;
      every = ms;
      clearInterval(timer);
      if (ms > 0) timer = setInterval(turn, ms);
      else socket.resume();
    },
    count(n) {
      bytes += n;
    },
  };
}
