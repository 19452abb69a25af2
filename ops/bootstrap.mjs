// Installs the packages if needed, then runs a script on the project's own Node. This file runs on any Node >= 18.
//   node ops/bootstrap.mjs ops/start.mjs …      the script and its arguments
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const stamp = join(root, 'node_modules/.installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'pnpm-lock.yaml')))
  .digest('hex');
const node = join(root, `node_modules/node-linux-${process.arch}/bin/node`);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

// The stamp is written last, so that an interrupted installation is repeated.
function installed() {
  return existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

// npm and pnpm cache downloads under HOME, which the user of a service or container may not have.
function isHomeMissing() {
  try {
    accessSync(process.env.HOME ?? '', constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

function install() {
  process.stderr.write('installing packages and Node 24 (once, about a minute)\n');
  const pnpm = manifest.packageManager;
  const flags = [
    'exec',
    '--yes',
    `--package=${pnpm}`,
    '--',
    'pnpm',
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    // npm runs pnpm with its own log level; progress is shown all the same.
    '--loglevel=info',
  ];
  const home = isHomeMissing() ? mkdtempSync(join(tmpdir(), 'hybrid-soak-')) : null;
  const own = home === null ? {} : { HOME: home, npm_config_cache: join(home, '.npm') };
  const options = {
    cwd: root,
    stdio: ['ignore', 2, 'inherit'],
    env: { ...process.env, CI: 'true', npm_config_loglevel: 'error', ...own },
  };
  const { status, error } = spawnSync('npm', flags, options);
  if (home !== null) rmSync(home, { recursive: true, force: true });
  if (error) fail(`npm cannot be run: ${error.message}; valid: Node >= 18 with npm`);
  if (status !== 0)
    fail(`the packages could not be installed (exit code ${status}): see above; run the same command again`);
  if (!existsSync(node)) fail(`no Node for ${process.platform} ${process.arch}: valid: Linux on x64 or arm64`);
  writeFileSync(stamp, wanted);
}

if (!installed()) install();
const [script, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: `${dirname(node)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}` };
const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, script), ...args], {
  stdio: 'inherit',
  env,
});
// The terminal sends Ctrl-C to the child too; a signal to this process alone is forwarded.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 143 : 1)));
