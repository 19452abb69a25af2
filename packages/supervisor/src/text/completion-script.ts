export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export interface Flag {
  long: string;
  short: string | null;
  description: string;
  takesValue: boolean;
  /** What it may be; empty where that is a file or anything. */
  values: readonly string[];
}

/** A subcommand as far as a shell completes it. */
export interface Word {
  name: string;
  description: string;
  /** What its argument may be. */
  values: readonly string[];
  /** Whether its argument is a file. */
  files: boolean;
  flags: readonly Flag[];
}

/** The script that a shell reads to complete `program`. */
export function completionScript(shell: (typeof SHELLS)[number], program: string, words: readonly Word[]): string {
  const lines = { bash, zsh, fish }[shell](program, words);
  return `${lines.join('\n')}\n`;
}

const names = ({ short, long }: Flag) => [...(short === null ? [] : [short]), long];
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(program: string, words: readonly Word[]): string[] {
  const chosen = words.flatMap((word) =>
    word.flags
      .filter(({ takesValue }) => takesValue)
      .map((flag) => {
        const patterns = names(flag).map((name) => `${word.name}:${name}`);
        const reply = flag.values.length > 0 ? `-W ${quoted(flag.values.join(' '))}` : '-f';
        return `    ${patterns.join('|')}) COMPREPLY=($(compgen ${reply} -- "$cur")); return ;;`;
      }),
  );
  const offered = words.map((word) => {
    const all = [...word.values, ...word.flags.flatMap(names)].join(' ');
    return `    ${word.name}) COMPREPLY=($(compgen ${word.files ? '-f ' : ''}-W ${quoted(all)} -- "$cur")) ;;`;
  });
  return [
    `_${program}() {`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}',
    '  # bash splits --flag=VALUE at the equals sign.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
    '  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi',
    '  if ((COMP_CWORD == 1)) || [[ $command == help ]]; then',
    `    COMPREPLY=($(compgen -W ${quoted([...words.map(({ name }) => name), 'help'].join(' '))} -- "$cur"))`,
    '    return',
    '  fi',
    '  case $command:$prev in',
    ...chosen,
    '  esac',
    '  case $command in',
    ...offered,
    '  esac',
    '}',
    `complete -o filenames -F _${program} ${program}`,
  ];
}

function zsh(program: string, words: readonly Word[]): string[] {
  const escaped = (text: string) => text.replaceAll(/[[\]:\\]/g, '\\$&');
  const value = ({ values }: { values: readonly string[] }) => (values.length > 0 ? `(${values.join(' ')})` : '_files');
  const spec = (flag: Flag) =>
    names(flag).map((name) =>
      quoted(`${name}[${escaped(flag.description)}]${flag.takesValue ? `:value:${value(flag)}` : ''}`),
    );
  return [
    `#compdef ${program}`,
    'if ((CURRENT == 2)); then',
    `  local -a commands=(${words.map(({ name, description }) => quoted(`${name}:${escaped(description)}`)).join(' ')})`,
    '  _describe command commands',
    '  return',
    'fi',
    'local command=$words[2]',
    'shift words; ((CURRENT--))',
    'case $command in',
    ...words.map((word) => {
      const rest = word.values.length > 0 || word.files ? [quoted(`*:argument:${value(word)}`)] : [];
      return `  ${word.name}) _arguments ${[...word.flags.flatMap(spec), ...rest].join(' ')} ;;`;
    }),
    'esac',
  ];
}

function fish(program: string, words: readonly Word[]): string[] {
  const seen = (word: Word) => `complete -c ${program} -n '__fish_seen_subcommand_from ${word.name}'`;
  const flagLine = (word: Word, flag: Flag) =>
    [
      `${seen(word)} -l ${flag.long.replace(/^--/, '')}`,
      ...(flag.short === null ? [] : [`-s ${flag.short.replace(/^-/, '')}`]),
      ...(flag.takesValue ? ['-r'] : []),
      ...(flag.values.length > 0 ? [`-f -a ${fishQuoted(flag.values.join(' '))}`] : []),
      `-d ${fishQuoted(flag.description)}`,
    ].join(' ');
  return [
    ...words.map(
      ({ name, description }) =>
        `complete -c ${program} -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(description)}`,
    ),
    ...words.flatMap((word) => [
      ...(word.values.length > 0 ? [`${seen(word)} -f -a ${fishQuoted(word.values.join(' '))}`] : []),
      ...word.flags.map((flag) => flagLine(word, flag)),
    ]),
  ];
}

const fishQuoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
