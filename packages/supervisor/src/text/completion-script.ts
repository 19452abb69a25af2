export const SHELLS = ['bash', 'zsh', 'fish'] as const;

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

/** The script that a shell reads to complete `program`. */
export function completionScript(shell: (typeof SHELLS)[number], program: string, words: readonly Word[]): string {
  const lines = { bash, zsh, fish }[shell](program, words);
  return `${lines.join('\n')}\n`;
}

const names = ({ short, long }: Flag) => [...(short === null ? [] : [short]), long];
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** Run ids of the log that `soak runs` finds, asked for when they are wanted. */
const runIds = (program: string) =>
  `${program} runs --json 2>/dev/null | grep -o '"run_id":"[^"]\\{8\\}' | cut -d'"' -f4`;
const UNITS =
  "systemctl list-unit-files --type=service --no-legend --no-pager 2>/dev/null | cut -d' ' -f1 | grep -v '@\\.'";

function bash(program: string, words: readonly Word[]): string[] {
  const reply = (takes: Takes) => {
    if (takes === 'file') return '-f';
    if (takes === 'run') return `-W "$(${runIds(program)})"`;
    if (takes === 'unit') return `-W "$(${UNITS})"`;
    return takes === 'anything' ? '-W ""' : `-W ${quoted(takes.join(' '))}`;
  };
  const chosen = words.flatMap((word) =>
    word.flags.flatMap((flag) => {
      if (flag.takes === null) return [];
      const patterns = names(flag).map((name) => `${word.name}:${name}`);
      return [`    ${patterns.join('|')}) COMPREPLY=($(compgen ${reply(flag.takes)} -- "$cur")); return ;;`];
    }),
  );
  const offered = words.map((word) => {
    const flags = quoted(word.flags.flatMap(names).join(' '));
    const own = word.takes === null ? '' : ` $(compgen ${reply(word.takes)} -- "$cur")`;
    return `    ${word.name}) COMPREPLY=($(compgen -W ${flags} -- "$cur")${own}) ;;`;
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
  const action = (takes: Takes) => {
    if (takes === 'file') return '_files';
    if (takes === 'run' || takes === 'unit') return `_${program}_${takes}`;
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
  const listed = [...words.map((word) => `${word.name}:${escaped(word.description)}`), 'help:help for a command'];
  return [
    `#compdef ${program}`,
    `_${program}_run() { compadd -- \${(f)"$(${runIds(program)})"} }`,
    `_${program}_unit() { compadd -- \${(f)"$(${UNITS})"} }`,
    `local -a commands=(${listed.map(quoted).join(' ')})`,
    'if ((CURRENT == 2)) || [[ $words[2] == help ]]; then',
    '  _describe command commands',
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

function fish(program: string, words: readonly Word[]): string[] {
  const seen = (word: Word) => `complete -c ${program} -n '__fish_seen_subcommand_from ${word.name}'`;
  const list = (takes: Takes) => {
    if (takes === 'file') return '';
    if (takes === 'run') return ` -f -a ${fishQuoted(`(${runIds(program)})`)}`;
    if (takes === 'unit') return ` -f -a ${fishQuoted(`(${UNITS})`)}`;
    return takes === 'anything' ? ' -f' : ` -f -a ${fishQuoted(takes.join(' '))}`;
  };
  const flagLine = (word: Word, { long, short, takes, description }: Flag) =>
    [
      `${seen(word)} -l ${long.replace(/^--/, '')}`,
      ...(short === null ? [] : [`-s ${short.replace(/^-/, '')}`]),
      ...(takes === null ? [] : [`-r${list(takes)}`]),
      `-d ${fishQuoted(description)}`,
    ].join(' ');
  const first = [...words, { name: 'help', description: 'help for a command' }];
  return [
    ...first.map(
      ({ name, description }) =>
        `complete -c ${program} -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(description)}`,
    ),
    `complete -c ${program} -f -n '__fish_seen_subcommand_from help' -a ${fishQuoted(words.map(({ name }) => name).join(' '))}`,
    ...words.flatMap((word) => [
      word.takes === 'file' ? '' : `${seen(word)}${list(word.takes ?? 'anything')}`,
      ...word.flags.map((flag) => flagLine(word, flag)),
    ]),
  ].filter((line) => line !== '');
}

const fishQuoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
