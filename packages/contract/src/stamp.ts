/** A stamp as this tool and the earlier one write it: of such, the text has the order of the times. */
export const USUAL_STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Milliseconds since 1970, with the fraction that Date leaves out; a stamp without a zone is UTC. NaN if it is not one. */
export function stampMs(timestamp: string): number {
  if (USUAL_STAMP.test(timestamp)) return Date.parse(timestamp) + Number(timestamp.slice(23, 26)) / 1000;
  const iso = timestamp.trim().replace(' ', 'T').replace(',', '.');
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`;
  const micros = /\.\d{3}(\d{1,3})/.exec(iso)?.[1] ?? '';
  return Date.parse(zoned) + Number(micros.padEnd(3, '0')) / 1000;
}

/** Whether a value can be a record of a decision log at all: it says when and what. */
export function isLogged(value: unknown): value is { timestamp: string; action: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { timestamp, action } = value as Record<string, unknown>;
  return typeof timestamp === 'string' && typeof action === 'string' && !Number.isNaN(stampMs(timestamp));
}
