// `npm run pictures`: draws ops/pictures/run-view.svg from a real soak against a local exchange, in a pseudo-terminal of
// util-linux's script(1). The picture is the screen at three quarters of the soak.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { screenOf, svgOf } from './screen.ts';

const textOf = (line: { text: string }[]) => line.map(({ text }) => text).join('');

const ROOT = resolve(import.meta.dirname, '../..');
const COLUMNS = 100;
const SECONDS = Number(process.argv[2] ?? 60);

const home = mkdtempSync(join(tmpdir(), 'hybrid-picture-'));
const command = `stty columns ${COLUMNS} rows 40; exec "$NODE" ops/start.mjs --manager embedded -d ${SECONDS} --decisions "$HOME/soak_decisions.jsonl"`;
const env = { ...process.env, HOME: home, NODE: process.execPath, TERM: 'xterm', CI: undefined, NO_COLOR: undefined };
const child = spawn('script', ['-qefc', command, '/dev/null'], {
  cwd: ROOT,
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
let output = '';
/** Length of the output at times, ms: what was on the screen then. */
const moments: { at: number; length: number }[] = [];
child.stdout.setEncoding('utf8').on('data', (data) => {
  output += data;
  moments.push({ at: performance.now(), length: output.length });
});
const code = await new Promise((done) => child.once('close', done));
rmSync(home, { recursive: true, force: true });
const [first, last] = [moments[0], moments.at(-1)];
if (first === undefined || last === undefined) throw new Error(`the soak printed nothing (exit code ${code})`);
const shown = moments.findLast(({ at }) => at <= first.at + (last.at - first.at) * 0.75);
const screen = screenOf(output.slice(0, shown?.length));
// What `npm start` says before the soak begins is not its view.
const lines = screen.slice(screen.findIndex((line) => textOf(line).includes('STARTUP')));
while (lines.at(-1)?.length === 0) lines.pop();
const picture = join(import.meta.dirname, 'run-view.svg');
writeFileSync(picture, svgOf('soak run on a terminal', lines, COLUMNS));
process.stdout.write(`${picture}\n`);
