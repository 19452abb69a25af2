import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { count, engine, folder } from '../../engine/engine.ts';
import { exchange, RULES, state } from '../../engine/exchange.ts';
import { eventually } from '../../eventually.ts';
import { feed } from '../../feed/feed.ts';
import { environment, runWith, soak } from './soak.ts';

const SECRET = 'hunter2';

t.test('user, password and query of a URL are in no file and no output but the configuration', async (t) => {
  const { be, port } = await exchange(t);
  const secret = (scheme: string, at: string, path: string) => `${scheme}://me:${SECRET}@${at}${path}?token=${SECRET}`;
  const served = secret('ws', `127.0.0.1:${port}`, '/ws/btcusdt@trade');
  const rules = RULES.replace('[connection]', `ws_url = "${secret('ws', 'h', '/x')}"\n[connection]`);
  // The second is tried, through a proxy that refuses it, when the first is gone.
  const cwd = folder(t.testdir({}), [served, secret('wss', 'exchange.test', '/ws/btcusdt@trade')], rules);
  const env = { ...environment(cwd), HTTPS_PROXY: `http://me:${SECRET}@127.0.0.1:${port}` };
  const outputs: string[] = [];
  const say = async (ended: Promise<{ stdout: string; stderr: string }>) => {
    const { stdout, stderr } = await ended;
    outputs.push(stdout, stderr);
  };

  const files = ['--report', 'report.html', '--junit', 'junit.xml', '--metrics-textfile', 'data/ops/soak.prom'];
  const { child, ended } = runWith(env, cwd, '-d', '1h', ...files);
  await eventually(() => count(cwd) > 10);
  const mode = statSync(join(cwd, 'data/ops/soak_state.json')).mode & 0o777;
  t.equal(mode, 0o600, "the run state, which holds the configuration's text while a soak runs, is its owner's alone");
  await be('503');
  await eventually(() => state(cwd)?.state === 'disconnected');
  await be('here');
  const before = count(cwd);
  await eventually(() => count(cwd) > before);
  const recording = feed('record', '--url', served, '--out', join(cwd, 'frames.jsonl'), '--duration', '1s');
  await say(recording.ended);
  for (const args of [['status'], ['status', '--json'], ['doctor', '--manager', 'embedded', '--json']])
    await say(soak(cwd, ...args).ended);
  child.kill('SIGTERM');
  await say(ended);
  for (const args of [
    ['runs'],
    ['tail', '--explain'],
    ['report', '--out', 'again.html'],
    ['run', '--dry-run', '--json'],
  ])
    await say(soak(cwd, ...args, ...(args[0] === 'run' ? ['--manager', 'embedded'] : [])).ended);
  await say(engine(cwd, 'run', '--mode', 'replay').ended);

  t.ok(outputs.join('').length > 2000);
  t.notMatch(outputs.join('\n'), SECRET);
  const written = readdirSync(cwd, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/config'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const name of [
    'bot.db',
    'soak_decisions.jsonl',
    'soak_samples.jsonl',
    'engine.log',
    'summary.json',
    'frames.jsonl',
    'junit.xml',
  ])
    t.ok(
      written.some((path) => path.endsWith(`/${name}`)),
      name,
    );
  for (const path of written) t.notOk(readFileSync(path).includes(SECRET), path.slice(cwd.length));
});
