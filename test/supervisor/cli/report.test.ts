import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { count } from '../../engine/engine.ts';
import { eventually } from '../../eventually.ts';
import { CONFIG, run, soak } from './soak.ts';

const folder = () => ({ config: { 'config.toml': CONFIG } });

t.test('soak run --report leaves a report; soak report writes any run of the log', async (t) => {
  const cwd = t.testdir(folder());
  const ended = await run(cwd, '-d', '2', '--json', '--report', 'out/first.html').ended;
  const first = JSON.parse(ended.stdout).run_id as string;
  t.match(ended.stderr, `out/first.html: run ${first}`);
  t.match(readFileSync(join(cwd, 'out/first.html'), 'utf8'), /^<!doctype html>[\s\S]*soak [0-9a-f]{8}/);
  const again = await run(cwd, '-d', '2', '--report', '--json').ended;
  const second = JSON.parse(again.stdout).run_id as string;
  t.match(again.stderr, `${join(cwd, 'report.html')}: run ${second}`, 'without a name it is report.html');
  t.match(await soak(cwd, 'report').ended, { code: 0, stdout: `report.html: run ${second}` });
  const older = await soak(cwd, 'report', first.slice(0, 8), '--out', 'older.html').ended;
  t.match(older, { code: 0, stdout: `older.html: run ${first}` });
  t.match(readFileSync(join(cwd, 'older.html'), 'utf8'), /"samples":[1-9]/, 'its samples were set aside, and found');
  const onStdout = await soak(cwd, 'report', '-1', '--utc', '-o', '-').ended;
  t.match(onStdout, {
    code: 0,
    stderr: '',
    stdout: new RegExp(`^<!doctype html>[\\s\\S]*soak ${first.slice(0, 8)} .*UTC`),
  });
  t.notOk(existsSync(join(cwd, '-')));
  const status = await soak(cwd, 'status', '--utc').ended;
  t.match(
    status.stdout,
    /none running; the last one began \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC[\s\S]*\nengine +stopped [\w ]+ ago/,
  );
});

t.test('what cannot be reported on, or written, is one line and exit code 12', async (t) => {
  const cwd = t.testdir({
    data: { ops: { 'soak_decisions.jsonl': '{"timestamp":"2026-01-01T00:00:00Z","run_id":"abc","action":"STOP"}\n' } },
  });
  t.match(await soak(cwd, 'report', 'nope').ended, { code: 12, stderr: /^nope: no such run.*valid: abc\n$/ });
  t.match(await soak(cwd, 'report', '--decisions', 'none').ended, {
    code: 12,
    stderr: /^\/\S*\/none: no such file; valid: the log of a soak/,
  });
  t.match(await soak(cwd, 'report', '--out', 'no/such/r.html').ended, { code: 12, stderr: /ENOENT/ });
  for (const command of ['report', 'tail'])
    t.match(await soak(cwd, command, '--decisions', 'data').ended, {
      code: 12,
      stderr: /^\/\S*\/data: cannot be read \(EISDIR\); valid: .*\n$/,
    });
});

t.test('soak dashboard serves beside a running soak, changes nothing, and ends on a signal', async (t) => {
  const cwd = t.testdir(folder());
  const first = run(cwd, '-d', '1h');
  await eventually(() => count(cwd) > 0);
  first.child.kill('SIGINT');
  await first.ended;
  const before = statSync(join(cwd, 'data/bot.db')).mtimeMs;
  const { child, ended } = soak(cwd, 'dashboard', '--listen', '127.0.0.1:0');
  let said = '';
  child.stdout?.on('data', (data) => {
    said += data;
  });
  const url = await eventually(() => /http:\S+/.exec(said)?.[0]);
  t.match(await (await fetch(url)).text(), '<!doctype html>');
  const events = await fetch(new URL('/events', url));
  const chunk = await events.body?.getReader().read();
  t.match(new TextDecoder().decode(chunk?.value), /^event: run\ndata: \{/);
  t.equal(statSync(join(cwd, 'data/bot.db')).mtimeMs, before);
  const { port } = new URL(url);
  t.match(await soak(cwd, 'dashboard', '--listen', `127.0.0.1:${port}`).ended, { code: 12, stderr: /EADDRINUSE/ });
  t.match(await soak(cwd, 'dashboard', '--listen', 'x').ended, { code: 2 });
  const everywhere = soak(cwd, 'dashboard', '--listen', '0.0.0.0:0');
  await new Promise((heard) => everywhere.child.stdout?.once('data', heard));
  everywhere.child.kill('SIGINT');
  t.match(await everywhere.ended, { code: 0, stderr: /^0\.0\.0\.0 is not a loopback address: [^\n]*\n$/ });
  child.kill('SIGTERM');
  t.match(await ended, { code: 0 });
});
