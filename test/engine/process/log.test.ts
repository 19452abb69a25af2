import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ENGINE } from '../../programs.ts';
import { folder } from '../engine.ts';

/** The log of an engine that ends by itself with 10; `journal`: JOURNAL_STREAM, given the file that is its stdout. */
async function logOf(cwd: string, journal: (file: { dev: number; ino: number }) => string): Promise<string[]> {
  folder(cwd, ['ws://127.0.0.1:9/ws/btcusdt@trade'], '[engine]\ningest_mode = "realws"\nunreachable_deadline_s = 1\n');
  const path = join(cwd, 'log');
  const out = openSync(path, 'w');
  const env = { ...process.env, JOURNAL_STREAM: journal(fstatSync(out)) };
  const child = spawn(ENGINE, ['run'], { cwd, stdio: ['ignore', out, 'inherit'], env });
  closeSync(out);
  await once(child, 'exit');
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}

t.test('lines for the journal begin with their priority', async (t) => {
  const lines = await logOf(t.testdir({}), ({ dev, ino }) => `${dev}:${ino}`);
  t.match(lines[0], /^<6>\{"level":30/);
  t.ok(
    lines.some((line) => /^<4>\{"level":40/.test(line)),
    'warnings',
  );
  t.ok(
    lines.some((line) => /^<3>\{"level":50/.test(line)),
    'errors',
  );
  for (const line of lines) t.doesNotThrow(() => JSON.parse(line.slice(3)));
});

t.test('a JOURNAL_STREAM that is not stdout changes nothing: lines are JSON', async (t) => {
  for (const line of await logOf(t.testdir({}), () => '1:2')) t.doesNotThrow(() => JSON.parse(line));
});
