// `npm run sandbox -- COMMAND…`: the command in a throwaway machine with a real systemd, the repository at
// /srv/hybrid-soak and the unit installed. Without a command: a shell. The machine is gone afterwards.
import { bootMachine, INSIDE, whyNoMachine } from './machine.ts';

const why = whyNoMachine();
if (why !== null) {
  process.stderr.write(`sandbox: ${why}\n`);
  process.exit(2);
}
const command = process.argv.slice(2);
if (command[0] === '--help' || command[0] === '-h') {
  process.stdout.write(
    `npm run sandbox -- COMMAND…   run it beside a real systemd; the repository is at ${INSIDE}\nnpm run sandbox               a shell\n`,
  );
  process.exit(0);
}
const machine = await bootMachine();
// A terminal's Ctrl-C reaches the command by itself; the machine goes when the command has ended.
process.on('SIGINT', () => {});
const child = machine.spawn(command.length > 0 ? command : ['bash', '-i'], 'inherit');
process.on('SIGTERM', () => child.kill('SIGTERM'));
const code = await new Promise<number>((resolve) => child.once('exit', (exitCode) => resolve(exitCode ?? 1)));
await machine.close();
process.exitCode = code;
