import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
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
