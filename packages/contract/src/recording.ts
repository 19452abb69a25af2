/** One received frame, as `hybrid-feed record` writes it: one JSON object a line. */
export interface Recorded {
  /** Wall time of receipt in milliseconds. */
  received_ms: number;
  /** Who sent it, by a name that people gave. */
  source: string;
  url: string;
  /** The frame's text, as it came; bytes that are not UTF-8 are U+FFFD. */
  raw: string;
}

export const recordedLine = ({ received_ms, source, url, raw }: Recorded): string =>
  `${JSON.stringify({ received_ms, source, url, raw })}\n`;

/** A parsed line of a recording; undefined where it is anything else, a raw frame for example. */
export function asRecorded(value: unknown): Recorded | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { received_ms, source, url, raw } = value as Record<string, unknown>;
  const whole = typeof received_ms === 'number' && typeof source === 'string' && typeof raw === 'string';
  return whole && typeof url === 'string' && URL.canParse(url) ? { received_ms, source, url, raw } : undefined;
}
