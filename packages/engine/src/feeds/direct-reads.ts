import type { ClientRequest } from 'node:http';
import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** What libuv offers for one read. */
const READ_BYTES = 65_536;

/**
 * Reads a socket into one buffer, again and again. A stream allocates 64 KiB for each read and hands it on by an event and two
 * turns of the queue: where frames come one by one that is most of what they cost. `onread` is documented for net and tls:
 * https://nodejs.org/api/net.html#socketconnectoptions-connectlistener
 */
export class DirectReads {
  /** What the WebSocket is opened with. Not with an agent: `onread` is of the connection that the WebSocket makes itself. */
  readonly options: { onread: OnReadOpts; finishRequest(request: ClientRequest): void };
  #socket: Duplex | null = null;
  #take: ((buffer: Buffer, end: number) => void) | null = null;

  constructor() {
    this.options = {
      onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: (n, buffer) => this.#read(buffer as Buffer, n) },
      finishRequest: (request) => {
        request.once('socket', (socket) => {
          this.#socket = socket;
        });
        request.end();
      },
    };
  }

  /** From now on `take` gets what is read: the bytes before `end`, which the next read overwrites. */
  to(take: (buffer: Buffer, end: number) => void): void {
    this.#take = take;
  }

  /** False if no more should be read for now. */
  #read(buffer: Buffer, end: number): boolean {
    const socket = this.#socket;
    if (socket === null) return true;
    // The handshake, and what came right behind it, go through the stream.
    if (this.#take === null || socket.readableLength > 0) return socket.push(Buffer.from(buffer.subarray(0, end)));
    this.#take(buffer, end);
    return true;
  }
}
