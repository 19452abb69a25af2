import { createHash, type Hash } from 'node:crypto';

/** Fields that hold text for people: their wording may change, what is decided may not. */
const TEXT = new Set(['reason', 'error', 'why', 'attribution', 'trying', 'note', 'detail', 'left']);

/** SHA-256 over the decision records of many runs, with sorted keys and without the text for people. */
export function recordDigest(): { add(entries: readonly { records: readonly unknown[] }[]): void; hex(): string } {
  const hash: Hash = createHash('sha256');
  return {
    add(entries) {
      for (const { records } of entries) for (const record of records) hash.update(`${canonical(record)}\n`);
    },
    hex: () => hash.digest('hex'),
  };
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([key, field]) => !TEXT.has(key) && field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}
