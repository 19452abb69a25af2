// `npm run check`: types, style and the rules of the house, side by side. Prints what failed, and the time taken.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const TSC = join(root, 'node_modules/typescript/lib/tsc.js');

function run(what, command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data;
    });
  return new Promise((done) => {
    child.once('error', (error) => done({ what, failed: true, output: error.message }));
    child.once('close', (code) => done({ what, failed: code !== 0, output }));
  });
}

/** `npm test` runs them as the test that they are. */
const rules = !process.argv.includes('--without-rules');
const begun = performance.now();
const failed = (
  await Promise.all([
    // With room for what dies young it takes two thirds of the time; what has not changed since the last time is not checked again.
    run('types', process.execPath, [
      ...['--max-semi-space-size=64', TSC, '-p', 'tsconfig.json', '--pretty', 'false'],
      ...['--incremental', '--tsBuildInfoFile', join(root, 'node_modules/.cache/types.tsbuildinfo')],
    ]),
    run('style', join(root, 'node_modules/.bin/biome'), ['check', '.']),
    ...(rules ? [run('rules', process.execPath, ['test/tidy.test.ts'])] : []),
  ])
).filter((result) => result.failed);
for (const { what, output } of failed) process.stderr.write(`${output.trimEnd()}\n${what}: failed\n`);
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
const what = rules ? 'types, style, rules' : 'types, style';
process.stderr.write(failed.length === 0 ? `${what}: ok (${seconds} s)\n` : '');
process.exitCode = failed.length === 0 ? 0 : 1;
