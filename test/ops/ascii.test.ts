import t from 'tap';
import { ascii } from '../../ops/packaging/ascii.ts';

t.test('code in ASCII means what it meant, in texts, templates and patterns', async (t) => {
  const code =
    String.raw`['µ…', "a\…b", \`\\…😀\`, /[–—]\…/.test('…'), /^[😀é]$/u.test('😀'), '\\', '\\\…']`.replaceAll(
      '\\`',
      '`',
    );
  const made = ascii(code);
  t.match(made, /^[\0-\x7f]*$/);
  const run = (text: string) => new Function(`return ${text}`)() as unknown;
  t.same(run(made), run(code));
});

t.test('a raw template with another character is refused', async (t) => {
  t.throws(() => ascii('String.raw`…`'), /valid: ASCII/);
  t.equal(ascii('String.raw`\\u2026`, "…"'), 'String.raw`\\u2026`, "\\u2026"');
});
