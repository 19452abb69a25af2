import { recordedTime } from './recorded-time.ts';

/** One received frame, as `hybrid-feed record` writes it: one JSON object a line. */
export interface Recorded {
  /** Wall time of receipt in milliseconds. */
  received_ms: number;
  /** The source's name. */
  source: string;
  url: string;
  /** The frame's text, as it came; bytes that are not UTF-8 are U+FFFD. */
  raw: string;
}

/** A frame of any recorder's line, with what the line says of it; null if it does not say. */
export interface RecordedFrame {
  raw: string;
  receivedMs: number | null;
  source: string | null;
  url: string | null;
  /** The market, if it is named beside the frame. */
  symbol: string | null;
}

export const recordedLine = ({ received_ms, source, url, raw }: Recorded): string =>
  `${JSON.stringify({ received_ms, source, url, raw })}\n`;

type Fields = Record<string, unknown>;

/** Keys under which recorders put the frame, unless it is the only JSON as text, and its source. */
const FRAME_KEYS = ['raw', 'frame', 'payload', 'msg', 'message', 'data', 'body', 'text'];
const SOURCE_KEYS = ['source', 'exchange', 'venue', 'feed'];
const SYMBOL_KEYS = ['symbol', 'pair', 'market', 'product_id', 'instrument'];
const URL_KEYS = ['url', 'ws_url', 'endpoint'];
const RECORDER_KEYS = new Set([...SOURCE_KEYS, ...SYMBOL_KEYS, ...URL_KEYS, 'seq', 'conn', 'connection']);
/** What frames of exchanges name themselves by. */
const EXCHANGE_KEYS = [
  'type',
  'e',
  'event',
  'channel',
  'method',
  'stream',
  'topic',
  'op',
  'arg',
  'ch',
  'feed',
  'table',
  'action',
  'subject',
];
const RECEIVED_FIRST = /^(recv|recei|local|rx|arriv|capture)/i;
const TIME_KEY = /^(timestamp|time|ts|t|at|date|datetime)(_|$|[A-Z])/;
/** `2019-11-01T00:00:00.0000000Z {…}`, `1572566400123 […]`, `1572566400.123: {…}`, `2019-11-01 00:00:00,123 {…}`. */
const TIMED = /^\[?(\d[\d.:TZ+-]*?(?:,\d{3})?(?: \d\d:[\d.:Z+-]*?(?:,\d{3})?)?)\]?:?[\s,;|]+([[{].*)$/;

/**
 * A line of a recording as `hybrid-feed record` or another recorder writes it: an object with the frame, as text or as JSON,
 * beside its time of receipt; a pair of the two; or a time and the frame. Undefined for anything else: a bare frame, a tick, or
 * a line that cannot be read.
 */
export function recordedFrame(line: string): RecordedFrame | undefined {
  const parsed = parse(line);
  if (parsed === undefined) {
    const [, time = '', raw] = TIMED.exec(line) ?? [];
    return raw === undefined ? undefined : frameOf(raw, recordedTime(time));
  }
  if (Array.isArray(parsed)) {
    const [time, frame] = parsed;
    if (parsed.length !== 2 || recordedTime(time) === null || !isFrame(frame)) return undefined;
    return frameOf(textOf(frame, line, 1), recordedTime(time));
  }
  return isFields(parsed) ? ofFields(parsed, line) : undefined;
}

function ofFields(fields: Fields, line: string): RecordedFrame | undefined {
  const time = timeIn(fields);
  const known = FRAME_KEYS.find((name) => isFrameIn(fields, name, time !== undefined));
  const texts = isOfExchange(fields) ? [] : Object.keys(fields);
  const key = known ?? texts.find((name) => typeof fields[name] === 'string' && isJsonText(fields[name]));
  if (key === undefined) return undefined;
  const url = stringIn(fields, URL_KEYS);
  return {
    ...frameOf(textOf(fields[key], line, key), receivedMs(fields, time)),
    source: stringIn(fields, SOURCE_KEYS),
    url: url !== null && URL.canParse(url) ? url : null,
    symbol: stringIn(fields, SYMBOL_KEYS),
  };
}

/**
 * The exchanges' own frames have `data`, `message` and the like as well, some beside a time. So JSON as a value is unwrapped
 * only if every other key is a recorder's, and JSON as text only if no key is an exchange's.
 */
function isFrameIn(fields: Fields, key: string, timed: boolean): boolean {
  const value = fields[key];
  if (typeof value === 'string')
    return (isJsonText(value) && !isOfExchange(fields)) || (timed && (key === 'raw' || key === 'frame'));
  return timed && isFrame(value) && Object.keys(fields).every((other) => other === key || isRecorders(other));
}

const isOfExchange = (fields: Fields) => EXCHANGE_KEYS.some((name) => name in fields);
const isRecorders = (key: string) => RECORDER_KEYS.has(key) || RECEIVED_FIRST.test(key) || TIME_KEY.test(key);

const frameOf = (raw: string, received: number | null): RecordedFrame => ({
  raw,
  receivedMs: received,
  source: null,
  url: null,
  symbol: null,
});

function timeIn(fields: Fields): string | undefined {
  const keys = Object.keys(fields);
  return keys.find((key) => RECEIVED_FIRST.test(key)) ?? keys.find((key) => TIME_KEY.test(key));
}

function receivedMs(fields: Fields, key: string | undefined): number | null {
  const own = fields['received_ms'];
  if (typeof own === 'number') return own;
  return key === undefined ? null : recordedTime(fields[key]);
}

/** A frame that was recorded as JSON is written again as text, ids beyond 2^53 digit for digit. */
function textOf(frame: unknown, line: string, key: string | number): string {
  if (typeof frame === 'string') return frame;
  if (!/\d{16}/.test(line)) return JSON.stringify(frame);
  return JSON.stringify((JSON.parse(line, keepNumbers as Reviver) as Fields)[key]);
}

type Reviver = (key: string, value: unknown) => unknown;

/** https://github.com/tc39/proposal-json-parse-with-source */
function keepNumbers(_key: string, value: unknown, { source }: { source?: string }): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return typeof value === 'number' && source !== undefined ? rawJSON(source) : value;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isJsonText = (text: string) => /^\s*[[{]/.test(text);
const isFrame = (value: unknown) => isFields(value) || (typeof value === 'string' && isJsonText(value));

function stringIn(fields: Fields, keys: string[]): string | null {
  const found = keys.map((key) => fields[key]).find((value) => typeof value === 'string' && value !== '');
  return (found as string | undefined) ?? null;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
