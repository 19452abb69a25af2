import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplesLineSchema } from '@hybrid-soak/contract/samples-header.ts';
import t from 'tap';
import { count } from '../../engine/engine.ts';
import { eventually } from '../../eventually.ts';
import { alive, CONFIG, decided, decisions, run, soak } from './soak.ts';

// Each waits for a soak most of its time.
t.jobs = 3;

const folder = () => ({ config: { 'config.toml': CONFIG }, data: { ops: {} } });
const config = (cwd: string) => readFileSync(join(cwd, 'config/config.toml'), 'utf8');
const state = (cwd: string) => join(cwd, 'data/ops/soak_state.json');
const enginePid = (record: Record<string, unknown>) => Number(record['unit_pid']);

t.test('a soak over the real engine: rows are counted, everything is restored, the summary is JSON', async (t) => {
  const cwd = t.testdir(folder());
  // A look each two seconds: three that are missed in a row are a verdict INCONCLUSIVE, and a disk may stall for as long.
  // The first run makes the database, so that the second run sees it from its first moment.
  const first = run(cwd, '-d', '1h');
  await eventually(() => count(cwd) > 0);
  first.child.kill('SIGINT');
  await first.ended;
  const ended = await run(cwd, '-d', '20', '--interval', '2s', '--json').ended;
  t.equal(ended.code, 0, ended.stderr + ended.stdout);
  const summary = JSON.parse(ended.stdout);
  t.match(summary, { action: 'SUMMARY', verdict: 'PASS', stalls: 0 });
  t.ok(summary.ticks > 10, `${summary.ticks} ticks`);
  t.equal(config(cwd), CONFIG);
  t.notOk(existsSync(state(cwd)), 'nothing is left to restore');
  const mine = decisions(cwd).filter((record) => record['run_id'] === summary.run_id);
  t.same(
    mine.map((record) => record['seq']),
    mine.map((_, i) => i + 1),
  );
  t.match(mine[0], { action: 'STARTUP', reason: 'manager embedded: asked for by --manager embedded' });
  const restarted = mine.find((record) => record['action'] === 'ENGINE_RESTARTED') ?? {};
  t.notOk(alive(enginePid(restarted)), 'the engine is stopped, as it was found');
  const samples = readFileSync(join(cwd, 'data/ops/soak_samples.jsonl'), 'utf8').trimEnd().split('\n');
  t.match(JSON.parse(samples[0] as string), { v: 1, kind: 'header', options: { run_id: summary.run_id } });
  for (const line of samples) samplesLineSchema.parse(JSON.parse(line));
  t.ok(samples.length > 5);
});

t.test('Ctrl-C restores, prints a summary and exits 130', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h');
  const started = await decided(cwd, 'ENGINE_RESTARTED');
  child.kill('SIGINT');
  t.match(await ended, { code: 130, stdout: /INCONCLUSIVE: SIGINT/ });
  t.notOk(alive(enginePid(started)));
  t.notOk(existsSync(state(cwd)));
  t.equal(decisions(cwd).at(-1)?.['action'], 'SUMMARY');
});

t.test('an ABORT file ends the soak with its first line as the reason, exit 20', async (t) => {
  const cwd = t.testdir(folder());
  const { ended } = run(cwd, '-d', '1h');
  await decided(cwd, 'ENGINE_RESTARTED');
  writeFileSync(join(cwd, 'data/ops/ABORT'), 'disk swap\nmore\n');
  t.match(await ended, { code: 20 });
  t.match((await decided(cwd, 'ABORT'))['reason'], /disk swap/);
});

t.test('a second supervisor of the unit refuses and says who holds it; status sees the first', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h');
  await decided(cwd, 'ENGINE_RESTARTED');
  t.match(await run(cwd, '-d', '5').ended, { code: 2, stderr: new RegExp(`held by pid ${child.pid}`) });
  t.match(await soak(cwd, 'restore').ended, { code: 2, stderr: /still running/ });
  const status = await soak(cwd, 'status', '--json').ended;
  t.match(JSON.parse(status.stdout), { soak: new RegExp(`pid ${child.pid}`), to_restore: false });
  t.match(
    (await soak(cwd, 'status').ended).stdout,
    /pressure +cpu pressure \S+.*, engine's part \S+ \(limit 20\); memory/,
  );
  // The parser of command lines is loaded for a flag with a value alone.
  const lasting = (text: string) => text.split('\n').filter((line) => /^(rung|unit|log) /.test(line));
  const [plain, parsed] = await Promise.all([
    soak(cwd, 'status', '--utc').ended,
    soak(cwd, 'status', '--utc', '--config', 'config/config.toml').ended,
  ]);
  t.same(lasting(plain.stdout), lasting(parsed.stdout));
  t.equal(lasting(plain.stdout).length, 3);
  child.kill('SIGTERM');
  t.match(await ended, { code: 143 });
});

t.test('a status before the first soak starts no program if no systemd runs here', async (t) => {
  const { code, stdout } = await soak(t.testdir(folder()), 'status').ended;
  t.match({ code, stdout }, { code: 0, stdout: /^soak +none running\n[\s\S]*\nlast +no decision yet\n/ });
  t.match(stdout, existsSync('/run/systemd/system') ? /\nunit +\S/ : /\nunit +no systemd here\n/);
});

t.test('status finds the soak of a unit with another name by what it has left here', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h', '--unit', 'other.service');
  await decided(cwd, 'ENGINE_RESTARTED');
  const status = async (...args: string[]) => JSON.parse((await soak(cwd, 'status', '--json', ...args).ended).stdout);
  t.match(await status(), { soak: new RegExp(`^pid ${child.pid}`), to_restore: false });
  t.match(await status('--unit', 'another.service'), { soak: null });
  child.kill('SIGTERM');
  t.match(await ended, { code: 143 });
});

t.test(
  'after kill -9 the engine runs on; soak restore stops it, puts the config back, and may be run twice',
  async (t) => {
    const cwd = t.testdir(folder());
    const { child, ended } = run(cwd, '-d', '1h');
    const pid = enginePid(await decided(cwd, 'ENGINE_RESTARTED'));
    child.kill('SIGKILL');
    await ended;
    t.ok(alive(pid), 'an orphan');
    const left = JSON.parse(readFileSync(state(cwd), 'utf8'));
    const throttled = CONFIG.replace('= 1 #', '= 20 #');
    writeFileSync(join(cwd, 'config/config.toml'), throttled);
    writeFileSync(state(cwd), JSON.stringify({ ...left, written_text: throttled }));
    t.match(await soak(cwd, 'restore').ended, { code: 0, stdout: /^restored/ });
    await eventually(() => !alive(pid));
    t.equal(config(cwd), CONFIG);
    t.match(await soak(cwd, 'restore').ended, { code: 0, stdout: 'nothing to restore\n' });
    const [before, last] = decisions(cwd).slice(-2);
    t.match(last, {
      action: 'RESTORED',
      run_id: before?.['run_id'],
      seq: Number(before?.['seq']) + 1,
      state: 'NORMAL',
    });
    t.same(Object.keys(last ?? {}).slice(0, 10), Object.keys(before ?? {}).slice(0, 10));
  },
);

t.test('a stopped engine is a STALL and is restarted, with a new process', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h', '--stall-threshold', '6s');
  const pid = enginePid(await decided(cwd, 'ENGINE_RESTARTED'));
  // Rows that were never readable would be no stall.
  await eventually(() => /"new_rows":[1-9]/.test(readFileSync(join(cwd, 'data/ops/soak_samples.jsonl'), 'utf8')));
  process.kill(pid, 'SIGSTOP');
  t.match(await decided(cwd, 'STALL'), { stall_streak: 1 });
  await eventually(() => decisions(cwd).filter((record) => record['action'] === 'ENGINE_RESTARTED').length > 1);
  t.notOk(alive(pid));
  child.kill('SIGINT');
  t.match(await ended, { code: 130 });
});
