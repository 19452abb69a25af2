import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { recordedFrame } from '@hybrid-soak/contract/recorded-frame.ts';
import { type WebSocket, WebSocketServer } from 'ws';
import { listening, type Served } from './serve.ts';

export interface ServeRecordingRules {
  port: number;
  host: string;
  file: string;
  /** Times the speed at which it was received; Infinity: as fast as the client takes it. */
  speed: number;
  /** Frames a second at speed 1, of a file that has no times. */
  rate: number;
  loop: boolean;
}

/** A frame of the file: when it is due, in milliseconds from the first, and which clients get it. */
interface Frame {
  raw: string;
  dueMs: number;
  /** Path and query of its URL; null if the file does not say. */
  path: string | null;
}

const BUFFERED_BYTES = 1_048_576;
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Serves a recording, or a plain file of one raw frame a line, from its beginning to each client. If it holds frames of
 * several URLs, a client gets those of the path that it asks for, else all of them on every path. At its end the connection stays open and says nothing more. With `loop`
 * it starts again with the same trade ids: an engine counts those frames as duplicates, and if the exchange does not
 * number its trades they are trades again. Rejects if the file holds no frame, or if the file or
 * the port cannot be used.
 */
export async function serveRecording(rules: ServeRecordingRules): Promise<Served & { paths: string[] }> {
  const paths = await pathsOf(rules);
  const server = new WebSocketServer({ port: rules.port, host: rules.host, perMessageDeflate: false });
  let sent = 0;
  server.on('connection', (socket, request) => {
    const path = request.url ?? '/';
    if (paths.size > 1 && !paths.has(path)) return socket.close(1008, 'no such stream');
    socket.on('error', () => socket.terminate());
    play(socket, paths.size > 1 ? path : null, rules, () => sent++).catch((error: Error) =>
      socket.close(1011, error.message.slice(0, 100)),
    );
  });
  return { ...(await listening(server, () => sent)), paths: [...paths] };
}

/** `path`: the one that is asked for; null if all frames are. */
async function play(
  socket: WebSocket,
  path: string | null,
  rules: ServeRecordingRules,
  count: () => void,
): Promise<void> {
  const isOpen = () => socket.readyState === socket.OPEN;
  do {
    const started = performance.now();
    let served = 0;
    for await (const frame of framesOf(rules)) {
      if (path !== null && frame.path !== null && frame.path !== path) continue;
      await pause(started + frame.dueMs / rules.speed - performance.now());
      if (!isOpen()) return;
      const buffered = socket.bufferedAmount > BUFFERED_BYTES;
      const handedOver = new Promise((done) => socket.send(frame.raw, done));
      if (buffered) await handedOver;
      served++;
      count();
    }
    if (served === 0) return;
  } while (rules.loop && isOpen());
}

const pause = (ms: number): Promise<void> | undefined =>
  ms >= 1 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined;

async function* framesOf({ file, rate }: ServeRecordingRules): AsyncGenerator<Frame> {
  let firstMs: number | undefined;
  let untimed = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const text = line.replace(BYTE_ORDER_MARK, '');
    if (text.trim() === '') continue;
    const { raw, receivedMs = null, url = null } = recordedFrame(text) ?? { raw: text };
    const path = url === null ? null : pathOf(url);
    if (receivedMs === null) {
      yield { raw, dueMs: (untimed++ * 1000) / rate, path };
      continue;
    }
    firstMs ??= receivedMs;
    yield { raw, dueMs: receivedMs - firstMs, path };
  }
}

async function pathsOf(rules: ServeRecordingRules): Promise<Set<string>> {
  const paths = new Set<string>();
  let isEmpty = true;
  for await (const { path } of framesOf(rules)) {
    isEmpty = false;
    if (path !== null) paths.add(path);
  }
  if (isEmpty) throw new Error('holds no frame; valid: a recording, or one raw frame a line');
  return paths;
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
