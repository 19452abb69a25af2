import { lstatSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { readRegular } from './safe-open.ts';

/**
 * An operator's request to end: the ABORT file's first line, empty if it has none; null only if nothing has that name. What
 * is there and cannot be read (a folder, a link, a FIFO, no permission) is a request too, with why as its text.
 */
export function abortRequest(path: string): string | null {
  try {
    return readRegular(path).toString('utf8').split('\n')[0]?.trim() ?? '';
  } catch (error) {
    if (isAbsent(path)) return null;
    return `(not readable: ${errorCode(error) ?? (error as Error).message})`;
  }
}

function isAbsent(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return errorCode(error) === 'ENOTDIR';
  }
}
