import { errorText } from '@hybrid-soak/contract/error-text.ts';
import { maskUrls, withoutSecrets } from '@hybrid-soak/contract/mask-url.ts';
import { recordedLine } from '@hybrid-soak/contract/recorded-frame.ts';
import WebSocket from 'ws';
import { RecordingFile, type RotationRules } from './recording-file.ts';

export interface RecordRules extends RotationRules {
  url: string;
  /** Its name in the recording. */
  source: string;
  out: string;
  /** Text frames to send after each open, for feeds whose URL does not subscribe. */
  subscribe: string[];
}

export interface Recorder {
  /** Frames received so far. */
  frames(): number;
  /** Commits what was received and ends; it may be called again. */
  stop(): void;
  /** Rejects when the file cannot be written. */
  ended: Promise<void>;
}

const FLUSH_MS = 200;
const PING_MS = 15_000;
const HANDSHAKE_MS = 10_000;
const BACKOFF_BASE_MS = 250;
const BACKOFF_MAX_MS = 30_000;
const HEALTHY_MS = 60_000;

/**
 * Records the frames of one URL until it is stopped, one line each (see `Recorded` of the contract). A connection that ends,
 * or whose peer does not answer pings, is made again after an exponential backoff with full jitter. `log` is for people.
 * Throws if the file cannot be opened.
 */
export function recordFrames(rules: RecordRules, log: (text: string) => void): Recorder {
  const url = withoutSecrets(rules.url);
  const file = new RecordingFile(rules.out, rules);
  if (file.cutOff > 0) log(`${rules.out}: a last line without an end was cut off (${file.cutOff} bytes)`);
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  let socket: WebSocket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let frames = 0;
  let failures = 0;
  let over = false;

  const finish = (act: () => void) => {
    if (over) return;
    over = true;
    clearInterval(flushing);
    clearTimeout(retry);
    socket?.terminate();
    attempt(() => {
      act();
      resolve();
    });
  };
  /** A file that cannot be written ends the recording. */
  const attempt = (act: () => void) => {
    try {
      act();
    } catch (error) {
      reject(error);
      finish(() => {});
    }
  };
  const connect = () => {
    socket = openSocket(rules, {
      frame(raw) {
        if (over) return;
        frames++;
        // A recording is handed on: its URL says which exchange it was, and nothing secret.
        attempt(() => file.append(recordedLine({ received_ms: Date.now(), source: rules.source, url, raw })));
      },
      closed(why, livedMs) {
        if (over) return;
        failures = livedMs >= HEALTHY_MS ? 1 : failures + 1;
        const waitMs = Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, 20));
        log(`${why}; again in ${Math.round(waitMs)} ms`);
        retry = setTimeout(connect, waitMs);
      },
      opened: () => log(`connected to ${maskUrls(rules.url)}`),
    });
  };
  const flushing = setInterval(() => attempt(() => file.flush()), FLUSH_MS);
  connect();
  return { frames: () => frames, stop: () => finish(() => file.close()), ended };
}

interface SocketEvents {
  opened(): void;
  frame(raw: string): void;
  /** Once. `livedMs` is 0 if it was never open. */
  closed(why: string, livedMs: number): void;
}

function openSocket(rules: RecordRules, events: SocketEvents): WebSocket {
  const socket = new WebSocket(rules.url, { handshakeTimeout: HANDSHAKE_MS, followRedirects: false });
  let openedAt: number | null = null;
  let why = '';
  let alive = true;
  const pinging = setInterval(() => {
    if (openedAt === null) return;
    if (!alive) {
      why = 'no answer to a ping';
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
  }, PING_MS);
  const seen = () => {
    alive = true;
  };
  socket.on('open', () => {
    openedAt = performance.now();
    events.opened();
    for (const text of rules.subscribe) socket.send(text);
  });
  socket.on('pong', seen);
  socket.on('message', (data: Buffer) => {
    seen();
    events.frame(data.toString('utf8'));
  });
  socket.on('error', (error) => {
    why = maskUrls(errorText(error));
  });
  socket.on('close', (code) => {
    clearInterval(pinging);
    events.closed(why === '' ? `closed ${code}` : why, openedAt === null ? 0 : performance.now() - openedAt);
  });
  return socket;
}
