/**
 * SIGHUP from the program's first line on: its default would end the process. What comes before there is anything to reload
 * is remembered. Imported ahead of all else.
 */
let asked = false;
let answer: (() => void) | null = null;

process.on('SIGHUP', () => {
  if (answer === null) asked = true;
  else answer();
});

/** Calls `reload` at each SIGHUP from now on, and at once where one has come already. */
export function onHangup(reload: () => void): void {
  answer = reload;
  if (asked) reload();
}
