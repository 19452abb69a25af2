import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { type Summary, summarySchema } from '@hybrid-soak/contract/summary.ts';
import { replaceFile } from '../adapters/replace-file.ts';

/** The SUMMARY record as the object that programs read. */
export function summaryOf(record: Decision, files: Summary['files']): Summary {
  return summarySchema.parse({ ...record, v: 2, ended: record.timestamp, files });
}

/** Writes it, whole or not at all; returns why not where it cannot be written: the soak's verdict stands without it. */
export function writeSummary(path: string, summary: Summary): string | null {
  try {
    replaceFile(path, `${JSON.stringify(summary, null, 2)}\n`);
    return null;
  } catch (error) {
    return `${path}: not written: ${(error as Error).message}`;
  }
}
