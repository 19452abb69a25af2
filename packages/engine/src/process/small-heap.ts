/**
 * V8 keeps heaps smaller, by several megabytes, at the cost of more collections. Not on the command line: code that was compiled
 * under other flags is refused, Node's own included, which takes a start 100 ms. So it is on while everything is loaded, and off
 * while compiled code is kept for the next start.
 */
export function keepHeapsSmall(on: boolean): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(on ? '--optimize-for-size' : '--no-optimize-for-size');
}
