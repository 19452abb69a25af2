export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a flag or an argument takes: one of these words, a file, a run's id, a unit, or what cannot be completed. */
export type Takes = readonly string[] | 'file' | 'run' | 'unit' | 'anything';

export interface Flag {
  long: string;
  short: string | null;
  description: string;
  /** Null if it takes nothing. */
  takes: Takes | null;
}

/** A subcommand as far as a shell completes it. */
export interface Word {
  name: string;
  description: string;
  /** What its argument may be; null if it has none. */
  takes: Takes | null;
  flags: readonly Flag[];
}

/** A program: its subcommands, and the flags that stand in place of one. */
export interface Completed {
  program: string;
  words: readonly Word[];
  flags: readonly Flag[];
}

/** The script that a shell reads to complete a program. */
export function completionScript(shell: Shell, completed: Completed): string {
  const lines = { bash, zsh, fish }[shell](completed);
  return `${lines.join('\n')}\n`;
}

const names = ({ short, long }: Flag) => [...(short === null ? [] : [short]), long];
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** Run ids of the log that `soak runs` finds, asked for when they are wanted. */
const RUN_IDS = `soak runs --json 2>/dev/null | grep -o '"run_id":"[^"]\\{8\\}' | cut -d'"' -f4`;
const UNITS =
  "systemctl list-unit-files --type=service --no-legend --no-pager 2>/dev/null | cut -d' ' -f1 | grep -v '@\\.'";

/** Nothing is split at blanks but the lists of words: a file name may have some. */
function bash({ program, words, flags }: Completed): string[] {
  const generate = (takes: Takes) => {
    if (takes === 'file') return '-f';
    if (takes === 'run') return `-W "$(${RUN_IDS})"`;
    if (takes === 'unit') return `-W "$(${UNITS})"`;
    return `-W ${quoted(takes === 'anything' ? '' : takes.join(' '))}`;
  };
  const reply = (takes: Takes) => {
    // Only then: a subcommand is not the folder of the same name.
    const asFiles = takes === 'file' ? 'compopt -o filenames 2>/dev/null; ' : '';
    return `${asFiles}mapfile -t COMPREPLY < <(compgen ${generate(takes)} -- "$cur")`;
  };
  const values = words.flatMap((word) =>
    word.flags.flatMap((flag) => {
      if (flag.takes === null) return [];
      const patterns = names(flag).map((name) => `${word.name}:${name}`);
      return [`    ${patterns.join('|')}) ${reply(flag.takes)}; return ;;`];
    }),
  );
  const after = words.map((word) => {
    const own = reply(word.flags.flatMap(names));
    if (word.takes === null) return `    ${word.name}) ${own} ;;`;
    return `    ${word.name}) if [[ $cur == -* ]]; then ${own}; else ${reply(word.takes)}; fi ;;`;
  });
  const name = functionName(program);
  return [
    `${name}() {`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}',
    '  COMPREPLY=()',
    '  # bash splits --flag=VALUE at the equals sign.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
    '  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi',
    '  if ((COMP_CWORD == 1)); then',
    `    ${reply([...words.map(({ name }) => name), ...flags.flatMap(names)])}`,
    '    return',
    '  fi',
    '  # A value may be left out, and another flag follow.',
    '  if [[ $cur != -* ]]; then case $command:$prev in',
    ...values,
    '  esac; fi',
    '  case $command in',
    ...after,
    '  esac',
    '}',
    `complete -F ${name} ${program}`,
  ];
}

/** `_hybrid_engine`: what every shell takes as the name of a function. */
const functionName = (program: string) => `_${program.replaceAll('-', '_')}`;

function zsh({ program, words, flags }: Completed): string[] {
  const name = functionName(program);
  const escaped = (text: string) => text.replaceAll(/[[\]:\\]/g, '\\$&');
  const action = (takes: Takes) => {
    if (takes === 'file') return '_files';
    if (takes === 'run' || takes === 'unit') return `${name}_${takes}`;
    return takes === 'anything' ? ' ' : `(${takes.join(' ')})`;
  };
  // `--flag=-` takes its value after an equals sign as well as in the next word.
  const spec = (flag: Flag) =>
    names(flag).map((name) => {
      const joined = flag.takes !== null && name.startsWith('--') ? `${name}=` : name;
      return quoted(
        `${joined}[${escaped(flag.description)}]${flag.takes === null ? '' : `:value:${action(flag.takes)}`}`,
      );
    });
  const described = words.map((word) => `${word.name}:${escaped(word.description)}`);
  return [
    `#compdef ${program}`,
    `${name}_run() { compadd -- \${(f)"$(${RUN_IDS})"} }`,
    `${name}_unit() { compadd -- \${(f)"$(${UNITS})"} }`,
    `local -a commands=(${described.map(quoted).join(' ')})`,
    'if ((CURRENT == 2)); then',
    '  _describe command commands',
    `  _arguments ${flags.flatMap(spec).join(' ')}`,
    '  return',
    'fi',
    'local command=$words[2]',
    'shift words; ((CURRENT--))',
    'case $command in',
    ...words.map((word) => {
      const rest = word.takes === null ? [] : [quoted(`*:argument:${action(word.takes)}`)];
      return `  ${word.name}) _arguments ${[...word.flags.flatMap(spec), ...rest].join(' ')} ;;`;
    }),
    'esac',
  ];
}

function fish({ program, words, flags }: Completed): string[] {
  const at = (condition: string) => `complete -c ${program} -n '${condition}'`;
  const seen = (word: Word) => at(`__fish_seen_subcommand_from ${word.name}`);
  const list = (takes: Takes) => {
    if (takes === 'file') return '';
    if (takes === 'run') return ` -f -a ${fishQuoted(`(${RUN_IDS})`)}`;
    if (takes === 'unit') return ` -f -a ${fishQuoted(`(${UNITS})`)}`;
    return takes === 'anything' ? ' -f' : ` -f -a ${fishQuoted(takes.join(' '))}`;
  };
  const flagLine = (start: string, { long, short, takes, description }: Flag) =>
    [
      `${start} -l ${long.replace(/^--/, '')}`,
      ...(short === null ? [] : [`-s ${short.replace(/^-/, '')}`]),
      ...(takes === null ? [] : [`-r${list(takes)}`]),
      `-d ${fishQuoted(description)}`,
    ].join(' ');
  return [
    ...words.map(
      ({ name, description }) => `${at('__fish_use_subcommand')} -f -a ${name} -d ${fishQuoted(description)}`,
    ),
    ...flags.map((flag) => flagLine(at('__fish_use_subcommand'), flag)),
    ...words.flatMap((word) => [
      word.takes === 'file' ? '' : `${seen(word)}${list(word.takes ?? 'anything')}`,
      ...word.flags.map((flag) => flagLine(seen(word), flag)),
    ]),
  ].filter((line) => line !== '');
}

const fishQuoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
