import type { Duplex } from 'node:stream';
import type WebSocket from 'ws';
import type { DirectReads } from './direct-reads.ts';

/** https://www.rfc-editor.org/rfc/rfc6455#section-5.2: a whole text message in one frame, nothing reserved. */
const WHOLE_TEXT = 0x81;
const FIN = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const LONGEST_HEAD = 14;
const FrameBytes = (
  Buffer as unknown as { [Symbol.species]: new (b: ArrayBufferLike, at: number, n: number) => Buffer }
)[Symbol.species];

/**
 * Hands over the text frames that lie whole in what was read, in place; all other bytes (control frames, fragments, frames cut
 * by the end of a read, anything against the protocol) go on to the receiver of `ws`, in order. That receiver makes six
 * buffers for a frame of 200 bytes and takes two thirds of the CPU of a client. To be called on the event `open`, before
 * anything was read; `socket` is the one of the event `upgrade`. If `ws` reads it in a way of its own, nothing changes.
 */
export function readFrames(
  webSocket: WebSocket,
  socket: Duplex,
  maxPayload: number,
  onText: (bytes: Buffer) => void,
  direct?: DirectReads,
): void {
  const [receive, ...others] = socket.listeners('data') as ((this: Duplex, chunk: Buffer) => void)[];
  if (receive === undefined || others.length > 0) return;
  // The receiver keeps what is not whole yet; the chunk is overwritten.
  const pass = (chunk: Buffer, from: number, to: number) => receive.call(socket, Buffer.from(chunk.subarray(from, to)));
  const frame = new PassedFrame();
  const take = (chunk: Buffer, end: number) => {
    const { buffer, byteOffset } = chunk;
    let at = 0;
    while (at < end && webSocket.readyState === webSocket.OPEN) {
      if (frame.isOver) {
        const length = wholeText(chunk, at, end);
        if (length >= 0 && length <= maxPayload) {
          const from = at + (length < LENGTH_16 ? 2 : 4);
          at = from + length;
          onText(new FrameBytes(buffer, byteOffset + from, length));
          continue;
        }
      }
      const to = frame.pass(chunk, at, end);
      pass(chunk, at, to);
      at = to;
    }
  };
  socket.off('data', receive);
  socket.on('data', (chunk: Buffer) => take(chunk, chunk.length));
  direct?.to(take);
}

/** Length of the text if a whole, unmasked frame of the two short forms begins at `at` and ends before `end`; else -1. */
function wholeText(chunk: Buffer, at: number, end: number): number {
  if (chunk[at] !== WHOLE_TEXT || at + 2 > end) return -1;
  const length = chunk[at + 1] as number;
  if (length < LENGTH_16) return at + 2 + length <= end ? length : -1;
  if (length !== LENGTH_16 || at + 4 > end) return -1;
  const long = ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
  // The long form of a short length is `ws`'s to judge.
  return long >= LENGTH_16 && at + 4 + long <= end ? long : -1;
}

/** Where the frame ends that `ws` reads, over as many reads as it takes. */
class PassedFrame {
  readonly #head = Buffer.alloc(LONGEST_HEAD);
  #headLength = 0;
  /** Bytes of the payload that have not come yet. */
  #left = 0;
  /** A message of several frames has begun. */
  #fragmented = false;

  /** Between two messages. */
  get isOver(): boolean {
    return this.#left === 0 && this.#headLength === 0 && !this.#fragmented;
  }

  /** Moves over the frame's bytes from `from`; where they end before `end`. */
  pass(chunk: Buffer, from: number, end: number): number {
    let at = from;
    while (this.#left === 0 && at < end) {
      this.#head[this.#headLength++] = chunk[at++] as number;
      if (this.#headLength === 1 || this.#headLength < headLength(this.#head)) continue;
      this.#left = payloadLength(this.#head);
      this.#headLength = 0;
      const first = this.#head[0] as number;
      if ((first & CONTROL) === 0) this.#fragmented = (first & FIN) === 0;
      if (this.#left === 0) return at;
    }
    const n = Math.min(this.#left, end - at);
    this.#left -= n;
    return at + n;
  }
}

function headLength(head: Buffer): number {
  const second = head[1] as number;
  const extended = { [LENGTH_16]: 2, [LENGTH_64]: 8 }[second & LENGTH] ?? 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
}

function payloadLength(head: Buffer): number {
  const length = (head[1] as number) & LENGTH;
  if (length === LENGTH_16) return head.readUInt16BE(2);
  return length === LENGTH_64 ? Number(head.readBigUInt64BE(2)) : length;
}
