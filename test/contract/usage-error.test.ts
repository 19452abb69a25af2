import { emptyArgument, helpAsFlag, usageError } from '@hybrid-soak/contract/usage-error.ts';
import t from 'tap';
import { programs } from '../../ops/programs.ts';

t.test('what commander says becomes one line that ends with what is valid', async (t) => {
  const said = (text: string, program = 'soak', ...taken: string[]) =>
    usageError(program, `error: ${text}\n`, { options: taken.map((long) => ({ long })) });
  t.equal(said("unknown command 'ru'\n(Did you mean run?)"), "error: unknown command 'ru'; valid: run\n");
  t.equal(said("unknown command 'x'"), "error: unknown command 'x'; valid: --help lists the commands\n");
  t.equal(
    said("unknown option '--jsno'\n(Did you mean one of --json, --db?)"),
    "error: unknown option '--jsno'; valid: --json, --db\n",
  );
  const wrong = "unknown option '--run-seconds'\n(Did you mean --seconds?)";
  t.match(said(wrong, 'soak', '--duration'), /valid: --duration 2h\n$/);
  t.match(said(wrong), /valid: `soak run --duration 2h`\n$/, 'a command that has not got it');
  t.match(
    said("unknown option '--Stall_threshold_sec=45'", 'soak', '--stall-threshold'),
    /valid: --stall-threshold 45s/,
  );
  t.match(said("unknown option '--db'", 'hybrid-engine'), /valid: the key \[app\] db_path\n$/);
  t.match(said("unknown option '--db'", 'hybrid-feed'), /valid: --help lists the options\n$/);
  t.equal(
    said("option '-o <how>' argument 'x' is invalid. Allowed choices are short, cat."),
    "error: option '-o <how>' argument 'x' is invalid; valid: short, cat\n",
  );
  t.match(said("option '-d <time>' argument missing"), /missing; valid: a value after it\n$/);
  t.match(said("too many arguments for 'run'. Expected 0 arguments but got 1: x."), /got 1: x; valid: --help shows/);
});

t.test('an empty argument is named with its flag', async (t) => {
  t.equal(emptyArgument(['run', '--config', '']), "--config '': empty; valid: a value, or nothing at all");
  t.equal(emptyArgument(['run', '--config=']), '--config=: empty; valid: a value, or nothing at all');
  t.equal(emptyArgument(['report', '']), "'': empty; valid: a value, or nothing at all");
  t.equal(emptyArgument(['tail', '--grep', 'a=']), null);
});

t.test('help for a command is its --help, of an unknown one an error', async (t) => {
  const program = { commands: [{ name: () => 'run' }] };
  t.same(helpAsFlag(['help', 'run'], program), ['run', '--help']);
  t.same(helpAsFlag(['help', 'nosuch'], program), ['nosuch']);
  t.same(helpAsFlag(['help'], program), ['help']);
  t.same(helpAsFlag(['run', 'help'], program), ['run', 'help']);
  t.same(helpAsFlag(['help', '--json'], program), ['help', '--json']);
});

/** Every way to call a command wrongly that commander knows, without a process for each. */
t.test('no command of any program answers a wrong call without saying what is valid', async (t) => {
  for (const program of await programs())
    for (const command of [program, ...program.commands]) {
      let said = '';
      const name = command === program ? program.name() : `${program.name()} ${command.name()}`;
      command
        .exitOverride((error) => {
          throw error;
        })
        .configureOutput({
          writeErr: () => {},
          outputError: (text) => {
            said = usageError(program.name(), text, command);
          },
        });
      const extra = command === program ? [] : [['--nosuch'], ['a', 'b', 'c', 'd']];
      for (const args of [['--nosuch=1'], ...extra]) {
        said = '';
        await command.parseAsync(args, { from: 'user' }).catch(() => {});
        if (said !== '') t.match(said, /^error: .*; valid: \S.*\n$/, `${name} ${args.join(' ')}`);
        else t.notOk(args[0]?.startsWith('--nosuch'), `${name} ${args.join(' ')} is refused`);
      }
    }
});
