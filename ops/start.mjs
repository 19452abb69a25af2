// `npm start`: a soak against a local exchange, in a folder of its own under data/. Runs on the project's own Node.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '..');
const home = join(root, 'data/demo');
const args = process.argv.slice(2);
const given = (...flags) => flags.some((flag) => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`)));

// First of all, before anything has started: what happens, and how to watch it.
process.stderr.write(`A soak ${given('--duration', '-d', '--seconds') ? '' : 'of 2 minutes '}against a local exchange; all it writes is in data/demo.
In another terminal, in this folder:
  npx soak tail -f      every decision as it is made
  npx soak status       is it running, at which rung
  npx soak report       one HTML file with all numbers, also after the end
The live page's address follows. Ctrl-C ends the soak and restores everything.

`);
try {
  mkdirSync(join(home, 'config'), { recursive: true });
  accessSync(join(home, 'config'), constants.W_OK);
} catch (error) {
  process.stderr.write(`${home}: not writable (${error.code}); valid: a checkout that this user may write in\n`);
  process.exit(12);
}
const feedCommand = [join(root, 'packages/feed/bin/hybrid-feed'), 'serve', '--port', '0', '--rate', '200'];
// Ended by the kernel if this process is killed (prctl(2), PR_SET_PDEATHSIG).
const [program, ...words] =
  spawnSync('setpriv', ['--version']).status === 0
    ? ['setpriv', '--pdeathsig', 'SIGTERM', '--', ...feedCommand]
    : feedCommand;
const feed = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
const stopFeed = () => feed.kill('SIGTERM');
process.on('exit', stopFeed);
// A closed terminal sends it to the soak as well, which restores; without a handler the feed would stay.
process.on('SIGHUP', () => {
  if (soak === undefined) process.exit(129);
});
feed.once('exit', (code) => {
  if (soak === undefined) process.exit(code ?? 1);
});

let soak;
const [line] = await new Promise((done) => createInterface(feed.stdout).once('line', (text) => done([text])));
const urls = JSON.parse(line);
const config = join(home, 'config/config.toml');
if (!existsSync(config))
  writeFileSync(
    config,
    '[app]\nsymbol = "BTCUSD"\ndb_path = "data/bot.db"\n\n[engine]\ningest_mode = "realws"\nsample_every = 1\nstrategy = "sma"\n',
  );
const source = (name, url, priority) => `[[source]]\nname = "${name}"\nurl = "${url}"\npriority = ${priority}\n`;
writeFileSync(
  join(home, 'config/ws_sources.toml'),
  source('binance', urls.binance, 1) + source('gemini', urls.gemini, 2),
);

process.stderr.write(`local exchange on port ${urls.port}\n`);
const defaults = [
  ...(given('--dashboard') ? [] : ['--dashboard']),
  ...(given('--duration', '-d', '--seconds') ? [] : ['--duration', '2m']),
  ...(given('--unit') ? [] : ['--unit', 'hybrid-engine-demo.service']),
  // Named in full, so that the command for the report, which is shown at the end, works from here.
  ...(given('--decisions') ? [] : ['--decisions', join(home, 'data/ops/soak_decisions.jsonl')]),
];
soak = spawn(join(root, 'packages/supervisor/bin/soak'), ['run', ...defaults, ...args], {
  cwd: home,
  stdio: 'inherit',
});
// The terminal gives Ctrl-C to the soak as well; it restores, and then this ends with its code.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    if (signal === 'SIGTERM') soak.kill(signal);
  });
soak.once('exit', (code, signal) => {
  stopFeed();
  process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1));
});
