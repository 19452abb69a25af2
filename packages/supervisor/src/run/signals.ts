import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';

export type Heard = 'SIGINT' | 'SIGTERM';

/**
 * The first signal ends the run in good order; the second restores the config at once and exits. A terminal that is closed
 * (SIGHUP) asks for what SIGTERM does, unless SIGHUP was ignored when this program was started (nohup(1)).
 */
export function hearSignals(
  stop: (heard: Heard) => void,
  restoreNow: (why: string) => void,
  note: (text: string) => void,
): void {
  let first = true;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (name === 'SIGHUP' && hangUpIgnored()) return;
      const heard = name === 'SIGHUP' ? 'SIGTERM' : name;
      if (!first) {
        restoreNow(`${name} again`);
        note(`${name} again: the config is restored, the unit is as it was left; \`soak restore\` does the rest`);
        process.exit(heard === 'SIGINT' ? SOAK_EXIT.INTERRUPTED : SOAK_EXIT.TERMINATED);
      }
      first = false;
      note(`${name}: restoring config and unit; ${again(name)} to exit now`);
      stop(heard);
    });
}

const again = (name: string) => (name === 'SIGINT' ? 'press Ctrl-C again' : 'send it again');

/** Node resets what was ignored at its start (SigIgn of proc(5)); the launcher `bin/soak` looks before that. */
const hangUpIgnored = () => process.env['SOAK_HANGUP_IGNORED'] === '1';
