import type { Readable } from 'node:stream';

/** Of how many programs, and how much of each, characters, is printed. */
const [PROGRAMS, LAST] = [4, 3000];

const all: { what: string; said(): string }[] = [];
let isHooked = false;
let isPrinted = false;

/**
 * What the last programs have said is printed when an assertion of `npm test` fails, else when the process does: of a wait that
 * was in vain the assertion says nothing else.
 */
export function printedIfFailed(what: string, said: () => string): void {
  if (!isHooked) process.once('exit', atExit);
  isHooked = true;
  all.push({ what, said });
}

/** The same of a program's output, which is read. */
export function outputPrintedIfFailed(what: string, output: Readable | null): void {
  let text = '';
  output?.on('data', (data) => {
    text = (text + data).slice(-LAST);
  });
  printedIfFailed(what, () => text);
}

/** Prints it now, once. */
export function printSaid(): void {
  isPrinted = true;
  for (const { what, said } of all.splice(0).slice(-PROGRAMS))
    process.stderr.write(`# ${what}:\n${said().slice(-LAST)}\n`);
}

function atExit(code: number): void {
  if (!isPrinted && (code !== 0 || (process.exitCode ?? 0) !== 0)) printSaid();
}
