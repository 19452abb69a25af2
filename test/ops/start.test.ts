import { execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { commandsOf, START, testOf } from './commands.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DEMO = join(ROOT, 'data/demo');
t.setTimeout(900_000);

/** What the kill of one process has left, if anything. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

for (const signal of ['SIGHUP', 'SIGKILL'] as const)
  t.test(`npm start in a terminal that is closed (${signal}) leaves no feed running`, async (t) => {
    const child = spawn(process.execPath, ['ops/start.mjs', '-d', '1h', '--quiet'], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    const port = await eventually(() => /port (\d+)/.exec(said)?.[1]);
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        ({ cause }) => cause?.code !== 'ECONNREFUSED',
      );
    t.ok(await answers());
    // Once nothing has its stderr open: the soak is over too, and its folder is free for the next one.
    const ended = new Promise((done) => child.once('close', done));
    // A terminal's end reaches every process of its foreground group; a kill reaches one.
    process.kill(signal === 'SIGHUP' ? -(child.pid as number) : (child.pid as number), signal);
    const deadline = performance.now() + 300_000;
    while ((await answers()) && performance.now() < deadline) await new Promise((done) => setTimeout(done, 50));
    t.notOk(await answers(), said);
    if (signal === 'SIGKILL') endGroup(child.pid as number);
    await ended;
  });

t.test(
  'npm start says first how to watch; those lines and the commands of README and RUNBOOK work from this folder',
  async (t) => {
    const state = t.testdir({});
    const env = { ...process.env, XDG_STATE_HOME: state };
    const child = spawn(process.execPath, ['ops/start.mjs', '--manager', 'embedded', '-d', '1h'], {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((done) => child.once('exit', done));
    t.teardown(() => rmSync(join(DEMO, 'data/ops/ABORT'), { force: true }));
    t.teardown(() => child.exitCode === null && process.kill(-(child.pid as number), 'SIGTERM'));
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    const url = await eventually(() => /dashboard: (http\S+)/.exec(said)?.[1]);
    t.match(await (await fetch(url)).text(), /<!doctype html>/);
    t.ok(said.indexOf('npx soak tail') < said.indexOf('local exchange on port'), 'before anything was started');
    await eventually(() => (/ENGINE_START/.test(said) ? true : undefined));
    const lines = [...said.matchAll(/^ {2}npx soak (.*?) {2,}/gm)].map((match) => (match[1] as string).split(' '));
    t.same(
      lines.map(([name]) => name),
      ['tail', 'status', 'report'],
    );
    const soak = async (...args: string[]) =>
      (await promisify(execFile)(join(ROOT, 'node_modules/.bin/soak'), args, { cwd: ROOT, env })).stdout;
    t.match(await soak('tail', '-n', '1'), / {2}run [0-9a-f]{8} .*\n\d\d:\d\d:\d\d [A-Z]/);
    t.match(await soak('status'), new RegExp(`^soak +pid \\d+, soak .*of 1h\n.*${DEMO}`, 's'));
    t.match(await soak('report', '-o', join(state, 'report.html')), /report\.html: run /);
    const local = `${/port (\d+)/.exec(said)?.[1]}`;
    const here = (command: string) => asHere(command, { state, local });
    const pages = ['README.md', 'ops/RUNBOOK.md']
      .flatMap((name) => commandsOf(name))
      .filter((command) => testOf(command) === START);
    t.ok(pages.length > 15);
    const commands = [...new Set(pages.filter((command) => !command.startsWith('npm start')))];
    const ofTheEnd = (command: string) => command.includes('summary.json');
    const works = async (command: string) => {
      const folder = /^(jq|echo|hybrid-engine) /.test(command) ? DEMO : ROOT;
      const { code, output } = await inShell(here(command), folder, env);
      t.ok(code === 0 || (code === 1 && command.startsWith('jq -e')), `${command}\n${output}`);
    };
    for (const command of commands.filter((command) => !ofTheEnd(command))) await works(command);
    t.equal(await ended, 20, `the ABORT file of the last command ended it: ${said}`);
    for (const command of commands.filter(ofTheEnd)) await works(command);
    t.match(said, /\ndecisions {3}.*STARTUP 1/, 'SIGUSR2 was answered');
  },
);

/** A command of a page with the hosts, files and times of this test; a soak of two hours is only planned. */
function asHere(command: string, { state, local }: { state: string; local: string }): string {
  const own = command
    .replace(/^npx /, '')
    .replace(/wss:\/\/stream\.binance\.com:9443/, `ws://127.0.0.1:${local}`)
    .replace('--duration 2h', /^(npx )?hybrid-feed/.test(command) ? '--duration 1' : '--duration 2h')
    .replaceAll('data/frames.jsonl', join(state, 'frames.jsonl'))
    .replace(/^(npx )?soak report$/, `soak report -o ${join(state, 'report.html')}`)
    .replace(/^(hybrid-feed serve \S+)/, '$1 --port 0')
    .replace(/^soak dashboard$/, 'soak dashboard --listen 127.0.0.1:0');
  return /^soak run /.test(own) ? `${own} --dry-run` : own;
}

/** Runs it; one that goes on until it is ended is ended once it has said something. */
async function inShell(command: string, cwd: string, env: NodeJS.ProcessEnv) {
  const goesOn = /^soak (tail -f|dashboard)|^hybrid-feed serve/.test(command);
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`;
  const child = spawn('sh', ['-c', goesOn ? `exec ${command}` : command], { cwd, env: { ...env, PATH } });
  let output = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data;
      if (goesOn) ended = child.kill('SIGTERM');
    });
  const code = await new Promise((done) => child.once('exit', done));
  return { code: ended ? 0 : code, output };
}
