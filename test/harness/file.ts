// Runs test files for `npm test`, in one process: node test/harness/file.ts FILE…
// A failed test often leaves a server or a child process open, and Node would wait for it until the runner's time limit.
// Here the file ends within a minute of its last test: what still keeps it open is named, killed, and makes it fail.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { printSaid } from '../said.ts';
import { commandOf, cpuSecondsOf, descendants, kill } from './leftovers.ts';

/** A process that was killed may be kept by a stalled disk for seconds. A file that has failed already has nothing more to show. */
const graceMs = () => (t.passing() ? 60_000 : 1000);

const files = process.argv.splice(2);
// tap names the folders of tests after the arguments: those of many files would be too long a name.
process.argv.push(...files.slice(0, 1));
/** tap as one module (bundle-tap.ts), if the whole run has made it. */
const tap = process.env['TEST_TAP'];
if (tap !== undefined)
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'tap' ? { url: pathToFileURL(tap).href, shortCircuit: true } : next(specifier, context),
  });
const { default: t } = await import('tap');
const file = files.length === 1 ? files[0] : `${files[0]} and ${files.length - 1} more`;
// Children that were not waited for do not outlive the file, whichever way it ends.
process.once('exit', () => descendants(process.pid).forEach(kill));

const costs = process.env['TEST_COSTS'];
if (costs !== undefined)
  process.once('exit', () => {
    const cost = { file, cpu_s: cpuSecondsOf(process.pid), time_s: performance.now() / 1000 };
    appendFileSync(costs, `${JSON.stringify(cost)}\n`);
  });

t.parser.on('fail', printSaid);
for (const path of files) await import(pathToFileURL(path).href);
// The modules are evaluated, their top-level awaits included: from here on, an idle root has no test to come.
waitUntilIdle();

/** None of these timers keeps the process open: they fire only if something else does. */
function waitUntilIdle(): void {
  if (t.results || t.idle) setTimeout(endAnyway, graceMs()).unref();
  else setTimeout(waitUntilIdle, 100).unref();
}

function endAnyway(): void {
  const open = process.getActiveResourcesInfo().filter((name) => !['Timeout', 'TTYWrap'].includes(name));
  const children = descendants(process.pid).map((pid) => `${pid} ${commandOf(pid)}`);
  const sentence = `does not end by itself within ${graceMs() / 1000} s of its last test`;
  if (t.results) process.stderr.write(`${file} ${sentence}: ${JSON.stringify({ open, children })}\n`);
  else t.fail(sentence, { open, children });
  t.end();
  setImmediate(() => process.exit(1));
}
