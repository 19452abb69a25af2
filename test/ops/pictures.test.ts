import { readFileSync } from 'node:fs';
import t from 'tap';
import { screenOf, svgOf } from '../../ops/pictures/screen.ts';

const text = (output: string) => screenOf(output).map((line) => line.map((cell) => cell.text).join(''));

t.test('a screen is what remains after moving, erasing and overwriting', async (t) => {
  t.same(text('one\r\ntwo\r\n'), ['one', 'two']);
  t.same(text('one\r\ntwo\x1b[2K\x1b[1A\x1b[2K\x1b[Gnew'), ['new', '']);
  t.same(text('abc\rX'), ['Xbc']);
  t.same(text('abc\r\ndef\x1b[1A\x1b[G\x1b[Jx'), ['x']);
  t.same(text('a\x1b[?25l\x1b[?2026hb'), ['ab']);
  t.same(text('a\x1b[3Gb\x1b[1Bc'), ['a b', '   c']);
});

t.test('the picture keeps colours and spaces, and text stays text', async (t) => {
  const svg = svgOf('a title', screenOf('\x1b[31m<b> & \x1b[39m\x1b[1mx'), 10);
  t.match(svg, /<title>a title<\/title>/);
  t.match(svg, /fill="#e5484d">&lt;b&gt;\u00a0&amp;\u00a0</);
  t.match(svg, /font-weight="bold">x</);
});

t.test('the shipped picture is a run with its pressure, its limits and its decisions', async (t) => {
  const shown = readFileSync(new URL('../../ops/pictures/run-view.svg', import.meta.url), 'utf8');
  const words = shown.replaceAll('\u00a0', ' ');
  t.match(words, /PSI cpu/);
  t.match(words, /ENGINE_RESTARTED/);
  t.match(words, /sample_every/);
});
