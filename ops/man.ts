// `npm run man`: writes the man pages from the commands' own definitions.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ABOUT } from './man-pages.ts';
import { programs } from './programs.ts';

type Command = Awaited<ReturnType<typeof programs>>[number];

const escaped = (text: string) =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/^[.']/gm, '\\&$&').replaceAll(/\s+/g, ' ').trim();
const verbatim = (text: string) => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/^[.']/gm, '\\&$&');

/** File name to roff text. */
export async function manPages(): Promise<Record<string, string>> {
  return Object.fromEntries((await programs()).map((program) => [`${program.name()}.1`, page(program)]));
}

function page(program: Command): string {
  const name = program.name();
  const others = Object.keys(ABOUT).filter((other) => other !== name);
  const { files = [], environment = [], exit = [] } = ABOUT[name] ?? {};
  return [
    `.TH ${name.toUpperCase()} 1 "${dateOf(String(program.version()))}" "hybrid\\-soak ${program.version()}" "User Commands"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(program.description())}`,
    '.SH SYNOPSIS',
    `.B ${escaped(name)}`,
    '.I COMMAND',
    '[options]',
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => section(name, command)),
    ...after(program),
    ...listed('FILES', files, '.I'),
    ...listed('ENVIRONMENT', environment, '.B'),
    ...listed('EXIT STATUS', exit, '.B'),
    '.SH SEE ALSO',
    others.map((other) => `.BR ${escaped(other)} (1)`).join(' ,\n'),
    '',
  ].join('\n');
}

const listed = (title: string, terms: [string, string][], font: string): string[] => [
  `.SH ${title}`,
  ...terms.flatMap(([term, text]) => ['.TP', `${font} ${escaped(term)}`, escaped(text.replaceAll('`', ''))]),
];

/** The day of a release, as the change log has it. */
function dateOf(version: string): string {
  const log = readFileSync(join(import.meta.dirname, '../CHANGELOG.md'), 'utf8');
  const heading = log.split('\n').find((line) => line.startsWith(`## ${version} - `));
  return heading?.slice(-10) ?? '';
}

function section(program: string, command: Command): string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  return [
    `.SS ${escaped(`${program} ${command.name()} ${command.usage()}`)}`,
    escaped(command.description()),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => ['.TP', `.I ${escaped(argument.name())}`, escaped(help.argumentDescription(argument))]),
    ...options.flatMap((option) => ['.TP', `.B ${escaped(option.flags)}`, escaped(help.optionDescription(option))]),
    ...after(command),
  ];
}

/** What stands below the options in `--help`: examples, exit codes. */
function after(command: Command): string[] {
  let whole = '';
  command.configureOutput({
    writeOut: (text) => {
      whole += text;
    },
  });
  command.outputHelp();
  const text = whole.slice(command.helpInformation().length).trim();
  return text === '' ? [] : ['.PP', '.nf', verbatim(text), '.fi'];
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, 'man');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(await manPages())) writeFileSync(join(folder, name), text);
}
