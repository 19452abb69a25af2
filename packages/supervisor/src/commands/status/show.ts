import { writeSync } from 'node:fs';
import { printableJson } from '@hybrid-soak/contract/printable.ts';
import { outliveReaders } from '../../stop.ts';
import { gatherStatus, type StatusPlaces } from './gather.ts';
import { statusText } from './text.ts';

export interface StatusFlags extends StatusPlaces {
  json?: boolean;
  utc?: boolean;
}

/** Flags that need no reading of a value. */
const PLAIN: readonly string[] = ['--json', '--utc'];

/**
 * The flags of a `soak status` as scripts and people mostly call it; null if there are others, which commander reads: it takes
 * as long as the answer.
 */
export const plainFlags = (words: readonly string[]): StatusFlags | null =>
  words.every((word) => PLAIN.includes(word)) ? { json: words.includes('--json'), utc: words.includes('--utc') } : null;

export async function showStatus(flags: StatusFlags): Promise<void> {
  const status = await gatherStatus(flags);
  print(`${flags.json ? printableJson(status) : statusText(status, { utc: flags.utc === true })}\n`);
}

/** To stdout, past Node's streams if it takes the text at once: they take 2 ms to load. */
function print(text: string): void {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch {
    // A reader that is slow or has gone, a full disk.
    outliveReaders();
    process.stdout.write(rest);
  }
}
