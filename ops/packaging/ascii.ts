/**
 * The code of a module in ASCII, other characters escaped: V8 keeps the text of a module with a single one of them in two bytes a
 * character, for as long as the process lives.
 */
export function ascii(code: string): string {
  const raw = /String\.raw`[^`]*[^\0-\x7f][^`]*`/.exec(code);
  if (raw !== null) throw new Error(`${raw[0].slice(0, 80)}: a raw template has no escapes; valid: ASCII in it`);
  return code.replace(/(\\*)([^\0-\x7f])/g, (_, backslashes: string, character: string) => {
    // A backslash that escapes the character itself means nothing.
    const kept = backslashes.slice(backslashes.length % 2);
    return `${kept}\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
