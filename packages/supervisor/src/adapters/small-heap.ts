import { setFlagsFromString } from 'node:v8';

/**
 * From here on V8 keeps the heap smaller, by megabytes, at the cost of more collections: for a process that runs for hours. Not on
 * the command line: code that was compiled under other flags is refused, Node's own included, so it is off again while compiled
 * code is kept at the end.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
  process.once('exit', () => setFlagsFromString('--no-optimize-for-size'));
}
