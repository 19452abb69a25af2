import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where the peers live: never dependencies of the project. */
export const PEERS = resolve(import.meta.dirname, '../../../data/bench/peers');
const CCXT = '4.5.84';
const PYTHON = ['cryptofeed', 'nautilus_trader'];

/** Installs what is not there yet; why a peer cannot be had, by its name. */
export function installPeers(say: (line: string) => void): Record<string, string> {
  mkdirSync(PEERS, { recursive: true });
  const missing: Record<string, string> = {};
  const attempt = (name: string, run: () => void) => {
    try {
      run();
    } catch (error) {
      missing[name] = (error as Error).message.split('\n')[0] ?? 'not installed';
    }
  };
  if (!existsSync(join(PEERS, 'node_modules/ccxt')))
    attempt('ccxt', () => {
      say(`installing ccxt ${CCXT} under ${PEERS}`);
      const flags = ['--no-audit', '--no-fund', '--silent', '--prefix', PEERS];
      execFileSync('npm', ['install', ...flags, `ccxt@${CCXT}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    });
  const python = join(PEERS, 'venv/bin/python');
  if (spawnSync('python3', ['--version']).status !== 0) {
    for (const name of PYTHON) missing[name] = 'no python3 here';
    return missing;
  }
  if (!existsSync(python)) attempt('python', () => execFileSync('python3', ['-m', 'venv', join(PEERS, 'venv')]));
  for (const name of PYTHON) {
    if (spawnSync(python, ['-c', `import ${name}`]).status === 0) continue;
    attempt(name, () => {
      say(`installing ${name} under ${PEERS}`);
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', name], { stdio: ['ignore', 'ignore', 'inherit'] });
    });
  }
  return missing;
}
