const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `45s`, `2h`, `90m`, `1h30m`, or plain seconds, in seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g))
    total += Number(number) * UNITS[unit as 's'];
  return total;
}
