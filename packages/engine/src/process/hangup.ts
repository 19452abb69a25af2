/**
 * Handles SIGHUP from the program's first line on, since its default action ends the process. One that comes before there is a
 * configuration to reload is remembered. Imported before everything else.
 */
let asked = false;
let answer: (() => void) | null = null;

process.on('SIGHUP', () => {
  if (answer === null) asked = true;
  else answer();
});

/** Calls `reload` at each SIGHUP from now on, and immediately if one has come already. */
export function onHangup(reload: () => void): void {
  answer = reload;
  if (asked) reload();
}
