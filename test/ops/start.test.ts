import { execFile, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { eventually } from '../eventually.ts';

const ROOT = resolve(import.meta.dirname, '../..');

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
    const ended = new Promise((done) => child.once('exit', done));
    // A terminal's end reaches every process of its foreground group; a kill reaches one.
    process.kill(signal === 'SIGHUP' ? -(child.pid as number) : (child.pid as number), signal);
    await ended;
    for (let look = 0; look < 600 && (await answers()); look++) await new Promise((done) => setTimeout(done, 50));
    t.notOk(await answers());
    if (signal === 'SIGKILL') process.kill(-(child.pid as number), 'SIGTERM');
  });

t.test(
  'npm start says first how to watch; each of those lines works from this folder, and so does the live page',
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
    t.match(await soak('tail', '-n', '1'), / {2}run [0-9a-f]{8} .*\n\d\d:\d\d:\d\d NORMAL/);
    t.match(await soak('status'), new RegExp(`^soak +pid \\d+, soak .*of 1h\n.*${join(ROOT, 'data/demo')}`, 's'));
    t.match(await soak('report', '-o', join(state, 'report.html')), /report\.html: run /);
    process.kill(-(child.pid as number), 'SIGTERM');
    await ended;
  },
);
