import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { summarySchema } from '@hybrid-soak/contract/summary.ts';
import { widthOf } from '@hybrid-soak/report/terminal/line.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { count } from '../../engine/engine.ts';
import { eventually } from '../../eventually.ts';
import { SOAK } from '../../programs.ts';
import { alive, CONFIG, decided, decisions, environment, run } from './soak.ts';

const ESC = '\x1b';
const folder = () => ({ config: { 'config.toml': CONFIG }, data: { ops: {} } });

/** A person's terminal, wherever the tests run; Node takes one of a CI for colourless. */
const PERSON = { TERM: 'xterm', SHELL: '/bin/sh', NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined };

interface Terminal {
  child: ChildProcess;
  /** All that was written to it. */
  text(): string;
  type(keys: string): void;
  resize(columns: number): void;
  ended: Promise<number | null>;
}

/** `soak run` in a pseudo-terminal of util-linux's script(1), 80 columns and 24 rows. */
function terminal(t: Test, cwd: string, env: NodeJS.ProcessEnv = {}, size = 'columns 80 rows 24'): Terminal {
  const flags = '--manager embedded --psi-actions off --interval 0.2s -d 1h';
  const command = `tty > tty; stty ${size}; exec "$SOAK" run ${flags}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...environment(cwd), ...PERSON, SOAK, ...env },
  });
  t.teardown(() => child.kill('SIGHUP'));
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  return {
    child,
    text: () => text,
    type: (keys) => void child.stdin.write(keys),
    resize: (columns) =>
      void execFileSync('stty', ['-F', readFileSync(join(cwd, 'tty'), 'utf8').trim(), 'columns', `${columns}`]),
    ended: new Promise((resolve) => child.on('close', resolve)),
  };
}

const plain = (text: string) => stripVTControlCharacters(text).split(/[\r\n]+/);
/** The block is there, with the engine under way in it. */
const painted = (text: string) => /PSI io .*ENGINE_RESTARTED/s.test(stripVTControlCharacters(text));

t.test('on a terminal the block is painted, fits after a resize, and Ctrl-C restores and exits 130', async (t) => {
  const cwd = t.testdir(folder());
  const { text, type, resize, ended } = terminal(t, cwd);
  await decided(cwd, 'ENGINE_RESTARTED');
  await eventually(() => painted(text()));
  t.ok(text().includes(`${ESC}[?25l`), 'the cursor is hidden');
  t.ok(text().includes(`${ESC}[32mNORMAL`), 'in colour');
  t.match(stripVTControlCharacters(text()), /of 1:00:00/);
  const before = text().length;
  resize(60);
  // What is erased at a resize is erased to the end of the screen, and by nothing else.
  const narrow = () => text().slice(before).split(`${ESC}[J`)[1] ?? '';
  await eventually(() => /▕.*engine/s.test(narrow()));
  for (const line of plain(narrow())) t.ok(widthOf(line) < 60, line);
  type('\x03');
  t.equal(await ended, 130);
  t.match(text(), /SIGINT: restoring config and unit/);
  t.match(text(), /✗ INCONCLUSIVE: SIGINT[\s\S]*report +(npx )?soak report/);
  t.ok(text().lastIndexOf('\x1b[?25h') > text().lastIndexOf('\x1b[?25l'), 'the cursor is shown again');
  t.notOk(existsSync(join(cwd, 'data/ops/soak_state.json')));
  t.equal(readFileSync(join(cwd, 'config/config.toml'), 'utf8'), CONFIG);
});

t.test('Ctrl-C twice exits immediately: the config is restored and recorded, exit 130', async (t) => {
  const cwd = t.testdir(folder());
  const { text, type, ended } = terminal(t, cwd);
  const pid = Number((await decided(cwd, 'ENGINE_RESTARTED'))['unit_pid']);
  await eventually(() => painted(text()));
  // The engine cannot write its last rows, so that stopping it, and with it restoring, takes until the second one comes.
  // One that has no row yet would end at once.
  await eventually(() => count(cwd) > 0);
  const db = new Database(join(cwd, 'data/bot.db'));
  db.pragma('busy_timeout = 60000');
  db.exec('BEGIN IMMEDIATE');
  t.teardown(() => db.close());
  type('\x03');
  await eventually(() => text().includes('SIGINT: restoring'));
  await decided(cwd, 'STOP');
  type('\x03');
  t.equal(await ended, 130);
  t.match(text(), /SIGINT again: the config is restored/);
  t.match(decisions(cwd).at(-1), {
    action: 'RESTORED',
    reason: /^SIGINT again: .*config\.toml/,
    current_sample_every: 1,
  });
  t.ok(text().lastIndexOf('\x1b[?25h') > text().lastIndexOf('\x1b[?25l'), 'the cursor is shown again');
  t.notOk(existsSync(join(cwd, 'data/ops/soak_state.json')));
  t.equal(readFileSync(join(cwd, 'config/config.toml'), 'utf8'), CONFIG);
  db.exec('ROLLBACK');
  await eventually(() => !alive(pid));
});

/** Sets the title, clears, colours, ends the line, turns the direction around; what a name in TOML and an ABORT file may hold. */
const EVIL = '\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\u202ee\u2066v\u200f';
/** What the block itself sends: colours, the cursor shown and hidden, lines erased, the cursor moved. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what it sends
const PAINT = /\x1b\[(\d+m|\?(25|2026)[hl]|2?K|\d*[AB]|G|J)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not arrive
const STEERS = /.{0,9}([\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n))/;

t.test(
  "text from outside steers no terminal: the engine's and an operator's, in the block, above it, at the end",
  async (t) => {
    // It never answers: the engine says for a while that it connects.
    const silent = createServer().listen(0, '127.0.0.1');
    t.teardown(() => silent.close());
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const source = `[[source]]\nname = "up ${printable(EVIL)}"\nurl = "ws://127.0.0.1:${port}/"\n`;
    const config = { 'config.toml': CONFIG.replace('synthetic', 'realws'), 'ws_sources.toml': source };
    const cwd = t.testdir({ config, data: { ops: {} } });
    const { text, ended } = terminal(t, cwd);
    await eventually(() => painted(text()));
    const { owner } = JSON.parse(readFileSync(join(cwd, 'data/ops/soak_state.json'), 'utf8'));
    await eventually(() => {
      process.kill(owner.pid, 'SIGUSR2');
      return /heartbeat {3}connecting to up /.test(text());
    });
    writeFileSync(join(cwd, 'data/ops/ABORT'), EVIL.replace('\r', ''));
    t.equal(await ended, 20);
    const shown = text().replaceAll(PAINT, '');
    t.match(shown, /ABORT +ABORT file:\s+\\u001b\]0;owned[\s\S]*✗ FAIL: ABORT file:\s+\\u001b/);
    t.same(shown.match(STEERS), null);
    t.notMatch(text(), '\x1b[2J');
  },
);

t.test('NO_COLOR paints without colours; a dumb terminal gets lines', async (t) => {
  const cwd = t.testdir({ a: folder(), b: folder() });
  const colourless = terminal(t, join(cwd, 'a'), { NO_COLOR: '1' });
  const dumb = terminal(t, join(cwd, 'b'), { TERM: 'dumb' });
  await eventually(() => painted(colourless.text()));
  await eventually(() => dumb.text().includes('ENGINE_RESTARTED'));
  for (const { type } of [colourless, dumb]) type('\x03');
  await Promise.all([colourless.ended, dumb.ended]);
  t.notMatch(colourless.text().replaceAll(ESC, 'ESC'), /ESC\[\d*m/);
  t.notOk(dumb.text().includes(ESC));
});

t.test('piped, a soak prints lines without escape codes, and the first heartbeat knows what it says', async (t) => {
  const cwd = t.testdir(folder());
  const { code, stdout, stderr } = await run(cwd, '-d', '3', '--psi-actions', 'logonly', '--utc').ended;
  t.match(stderr, /^── \d{4}-\d\d-\d\d UTC {2}run [0-9a-f]{8} {2}/m);
  t.equal(stderr.match(/^── /gm)?.length, 1, 'one heading a run and day');
  // What a soak of three seconds makes of the host's pressure is not what this is about.
  t.ok(code === 0 || code === 21 || code === 22, `${code}: ${stderr}`);
  t.notOk((stdout + stderr).includes(ESC));
  t.notMatch(stderr, /\?%/);
  t.match(stderr, /0s in, unknown rows, /);
  const summary = summarySchema.strict().parse(JSON.parse(readFileSync(join(cwd, 'data/ops/summary.json'), 'utf8')));
  t.match(summary, { v: 2, exit_code: code, run_id: decisions(cwd)[0]?.['run_id'] });
  t.match(stdout, new RegExp(`soak report ${summary.run_id.slice(0, 8)}\n$`));
});

t.test('SIGUSR2 prints the state, also of a quiet soak', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h', '--quiet');
  let stderr = '';
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  await decided(cwd, 'ENGINE_RESTARTED');
  t.equal(stderr, '');
  child.kill('SIGUSR2');
  await eventually(() => /decisions {3}.*ENGINE_RESTARTED 1/.test(stderr));
  t.match(stderr, /^NORMAL {2}sample_every 1/);
  t.match(stderr, /PSI cpu[\s\S]*rows[\s\S]*phase[\s\S]*heartbeat/);
  child.kill('SIGINT');
  t.equal((await ended).code, 130);
});

t.test('a terminal that is closed ends the soak in good order', async (t) => {
  const cwd = t.testdir(folder());
  const { child, text } = terminal(t, cwd);
  await decided(cwd, 'ENGINE_RESTARTED');
  await eventually(() => painted(text()));
  child.kill('SIGKILL');
  await decided(cwd, 'SUMMARY');
  t.match(await decided(cwd, 'STOP'), { reason: 'SIGTERM' });
  await eventually(() => !existsSync(join(cwd, 'data/ops/soak_state.json')));
  await eventually(() => existsSync(join(cwd, 'data/ops/summary.json')));
  t.equal(readFileSync(join(cwd, 'config/config.toml'), 'utf8'), CONFIG);
});

t.test('a terminal that does not tell its size is taken for 80 columns and 24 rows', async (t) => {
  const cwd = t.testdir(folder());
  const { text, type, ended } = terminal(t, cwd, {}, 'columns 0 rows 0');
  await eventually(() => painted(text()));
  type('\x03');
  t.equal(await ended, 130);
  const lines = plain(text());
  t.ok(lines.some((line) => line.startsWith('PSI memory') && widthOf(line) < 80));
  t.match(
    text(),
    'SIGINT: restoring config and unit; press Ctrl-C again to exit now',
    'what stands above is not broken up',
  );
});
