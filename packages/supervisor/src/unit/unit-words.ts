const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};
const CODE = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([0-7]{3}))/i;

/** The words of a value as systemd.syntax(7) quotes them: single and double quotes, C-style escapes in both and outside. */
export function unitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '\\') {
      const { letters, taken } = escaped(text.slice(at + 1));
      word = (word ?? '') + letters;
      at += taken;
    } else if (quote !== '' ? char === quote : char === '"' || char === "'") {
      quote = quote === '' ? char : '';
      word ??= '';
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  return word === null ? words : [...words, word];
}

/** What an escape stands for, and how many letters after the backslash it took; an unknown one stays as it is. */
function escaped(rest: string): { letters: string; taken: number } {
  const code = CODE.exec(rest);
  if (code !== null) {
    const [whole, x, u, U, octal] = code;
    const value = octal === undefined ? Number.parseInt((x ?? u ?? U) as string, 16) : Number.parseInt(octal, 8);
    return { letters: String.fromCodePoint(Math.min(value, 0x10ffff)), taken: whole.length };
  }
  const letter = rest[0] ?? '';
  return { letters: ESCAPES[letter] ?? `\\${letter}`, taken: letter.length };
}

/** `$NAME` as a word becomes its value's words, `${NAME}` its value, `$$` a dollar (systemd.service(5), COMMAND LINES). */
export function withVariables(argv: string[], environment: Record<string, string | undefined>): string[] {
  return argv.flatMap((word) => {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (whole !== undefined) return (environment[whole] ?? '').split(/\s+/).filter((part) => part !== '');
    return [word.replace(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (_, name?: string) => (name ? (environment[name] ?? '') : '$'))];
  });
}
