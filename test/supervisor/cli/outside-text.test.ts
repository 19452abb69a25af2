import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { ENGINE, FEED } from '../../programs.ts';
import { DECISIONS, HEADER, observationAt } from '../../report/fixture.ts';
import { CONFIG, decided, environment, run, soak } from './soak.ts';

/** Sets a terminal's title, clears it, ends the line, and turns the direction of writing around. */
const EVIL = '\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\u202eh\u2066w\u2028\u200f\u061c';
/** The same without what ends a line, which no flag or key holds. */
const FLAG = EVIL.replaceAll('\r\n', '');
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not arrive
const STEERS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const lines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** A folder whose decisions, samples, configuration and database have words of somebody else wherever there may be any. */
function folder(t: Pick<Test, 'testdir'>): string {
  const evil = (record: object) => ({
    ...record,
    ...{ reason: EVIL, state: EVIL, policy: EVIL, ingest_mode: EVIL, psi_actions: EVIL, unit: EVIL, error: EVIL },
  });
  const samples = [0, 1, 2, 3].map((second) => observationAt(second));
  const cwd = t.testdir({
    config: { 'config.toml': CONFIG, 'evil.toml': `[engine]\ningest_mode = "${FLAG}"\n"${FLAG}" = 1\n` },
    'evil.jsonl': lines(DECISIONS.map(evil)),
    'samples.jsonl': lines([HEADER, ...samples]),
    data: { ops: {} },
  });
  writeFileSync(join(cwd, 'data/ops/soak_decisions.jsonl'), lines(DECISIONS.map(evil)));
  const db = new Database(join(cwd, 'data/bot.db'));
  db.exec(Object.values(MIGRATIONS).join(''));
  db.prepare(
    `INSERT INTO engine_status (id, pid, invocation_id, started_ms, last_flush_ms, frames_received, ticks_written, drops,
     connection, sample_every, counters) VALUES (1, 1, ?, 1, 1, 0, 0, 0, ?, 1, '{}')`,
  ).run(EVIL, EVIL);
  db.close();
  return cwd;
}

t.test('text from outside steers no terminal, whichever command shows it', async (t) => {
  const cwd = folder(t);
  const commands = [
    ['status'],
    ['status', '--json'],
    ['tail'],
    ['tail', '-o', 'cat', '--explain'],
    ['tail', '-o', 'json'],
    ['runs'],
    ['runs', '--json'],
    ['compare', 'evil.jsonl', 'evil.jsonl'],
    ['compare', 'evil.jsonl', 'evil.jsonl', '--json'],
    ['compare', FLAG, 'evil.jsonl'],
    ['replay', 'evil.jsonl'],
    ['replay', 'evil.jsonl', '--json'],
    ['replay', FLAG],
    ['run', '--manager', 'embedded', '--config', 'config/evil.toml'],
    ['doctor', '--manager', 'embedded', '--config', 'config/evil.toml'],
    ['doctor', '--manager', 'embedded', '--config', 'config/evil.toml', '--json'],
    ['run', '--manager', 'embedded', '--db', FLAG, '--dry-run'],
    ['run', '--manager', 'embedded', '--db', FLAG, '--dry-run', '--json'],
    ['run', `--${FLAG}`],
    ['run', '--unit', FLAG],
    ['report', FLAG],
    ['explain', FLAG],
    ['tail', '--grep', `(${FLAG}`],
    [FLAG],
    ['restore', '--decisions', `${FLAG}/x`],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await soak(cwd, ...args).ended;
    const what = printable(args.join(' '));
    t.ok(stdout.length + stderr.length > 0, what);
    t.notMatch(stdout + stderr, STEERS, what);
    t.notMatch(stdout + stderr, /^\\u202e/m, `${what}: begins no line of its own`);
    if (args.includes('--json') && stdout !== '') t.ok(JSON.parse(stdout), 'still JSON');
  }
});

t.test('a soak shows what its operators and its engine say in the run view, at the end, and in a report', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
  const { ended } = run(cwd, '-d', '1h', '--report', 'report.html', '--junit', 'junit.xml');
  await decided(cwd, 'ENGINE_RESTARTED');
  writeFileSync(join(cwd, 'data/ops/ABORT'), FLAG);
  const { code, stdout, stderr } = await ended;
  t.equal(code, 20);
  t.match(stdout, /FAIL: ABORT file: \\u001b\]0;owned/);
  t.match(stderr, /ABORT +ABORT file: \\u001b\]0;owned/);
  for (const text of [stdout, stderr, readFileSync(join(cwd, 'junit.xml'), 'utf8')]) t.notMatch(text, STEERS);
  const html = readFileSync(join(cwd, 'report.html'), 'utf8');
  for (const [place] of html.matchAll(
    /<title>.*?<\/title>|<small>.*?<\/small>|<script type="application.*?<\/script>/gs,
  ))
    t.notMatch(place, STEERS);
});

t.test('the engine and the feed say as little of it', async (t) => {
  const cwd = folder(t);
  mkdirSync(join(cwd, 'data/ops'), { recursive: true });
  for (const [program, ...args] of [
    [ENGINE, 'check-config', '--config', 'config/evil.toml'],
    [ENGINE, 'check-config', '--config', FLAG],
    [ENGINE, 'run', '--config', 'config/evil.toml'],
    [ENGINE, 'run', `--${FLAG}`],
    [ENGINE, 'backup', `${FLAG}/x`],
    [FEED, 'serve', FLAG],
    [FEED, 'serve', '--rate', FLAG],
    [FEED, 'serve', `--${FLAG}`],
  ] as [string, ...string[]][]) {
    const { stdout, stderr } = spawnSync(program, args, {
      cwd,
      env: environment(cwd),
      encoding: 'utf8',
      timeout: 300_000,
    });
    const what = `${basename(program)} ${args.join(' ')}`;
    t.ok(stdout.length + stderr.length > 0, printable(what));
    t.notMatch(stdout + stderr, STEERS, printable(what));
  }
});

t.test('a fault of a configuration is one line, whatever the file holds', async (t) => {
  const fault = { file: 'f', line: 1, column: 1, key: EVIL, problem: `is ${EVIL}`, valid: `one of\n${EVIL}` };
  t.notMatch(formatFault(fault), STEERS);
  t.notMatch(formatFault(fault), '\n');
});
