/** How moments are written: in this machine's zone, or UTC. */
export interface Zone {
  utc: boolean;
}

export const two = (n: number) => String(Math.trunc(n)).padStart(2, '0');

/** `12:34:56`; `ms` since the epoch. */
export function clockText(ms: number, { utc }: Zone): string {
  const at = new Date(ms);
  return utc ? at.toISOString().slice(11, 19) : [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
}

/** `2026-11-26 12:34:56 +01:00`. */
export function stampText(ms: number, zone: Zone): string {
  const [day, offset] = dayText(ms, zone).split(' ');
  return `${day} ${clockText(ms, zone)} ${offset}`;
}

/** `2026-11-26 +01:00`, the day with the zone's offset at that moment. */
export function dayText(ms: number, { utc }: Zone): string {
  const at = new Date(ms);
  if (utc) return `${at.toISOString().slice(0, 10)} UTC`;
  const east = -at.getTimezoneOffset();
  const offset = `${east < 0 ? '-' : '+'}${two(Math.abs(east) / 60)}:${two(Math.abs(east) % 60)}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${offset}`;
}
