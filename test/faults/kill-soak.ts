import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { execa } from 'execa';
import { SOAK } from '../programs.ts';
import { busyFor, cpus, Host, needsSystemd, until } from '../systemd/host.ts';
import { check, type Fault, type Round } from './fault.ts';

// Any CPU stall time at all is over the limit, so that rungs are written all the time.
const CONFIG =
  '# kept\r\n[engine]\r\ningest_mode = "synthetic"\r\ntick_interval_ms = 20\r\nsample_every = 1 # one\r\n\r\n[soak.policy]\r\ncpu_limit = 0.05\r\n';
const RUN = ['run', '-d', '10m', '--interval', '0.1s', '--policy', 'classic', '--calibrate', '0', '--leave', 'stopped'];
const RUNGS = [1, 5, 10, 20];
const LONGEST_MS = 4000;
/** A start under systemd, in a machine under pressure, takes longer. */
const LONGEST_SYSTEM_MS = 12_000;
/** From this many kills on, half of them are of soaks over a unit of a real systemd. */
const FULL = 50;

export const killSoak: Fault = {
  name: 'kill-soak',
  what: 'a kill -9 of a soak at any moment leaves a valid config, and restoring leaves nothing',
  full: 200,
  short: 4,
  async inflict(round) {
    const onSystemd = round.count >= FULL && needsSystemd().skip === false ? Math.floor(round.count / 2) : 0;
    const embedded = await killEmbedded({ ...round, count: round.count - onSystemd });
    const system = onSystemd === 0 ? '' : `, ${await killSystem({ ...round, count: onSystemd })}`;
    return `${embedded}${system}`;
  },
};

/** Loops that wait for each other: meek and short, so that what runs beside them is hardly slowed. */
function press(): () => void {
  const loops = Array.from({ length: 3 * cpus().length }, () =>
    spawn('nice', ['-n', '19', 'bash', '-c', busyFor(4)], { stdio: 'ignore' }),
  );
  return () => {
    for (const loop of loops) loop.kill('SIGKILL');
  };
}

async function killEmbedded({ count, random }: Round): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'kill-soak-'));
  const release = press();
  let changed = 0;
  try {
    mkdirSync(join(cwd, 'config'));
    writeFileSync(join(cwd, 'config/config.toml'), CONFIG);
    const env = { XDG_STATE_HOME: join(cwd, 'state') };
    for (let kill = 1; kill <= count; kill++) {
      const child = execa(SOAK, [...RUN, '--manager', 'embedded'], { cwd, env, reject: false, stdio: 'ignore' });
      if (kill % 2 === 0) await rung(cwd, () => child.nodeChildProcess.exitCode !== null);
      await sleep(random() * LONGEST_MS);
      child.kill('SIGKILL');
      await child;
      changed += valid(cwd, kill) ? 1 : 0;
      const restored = await execa(SOAK, ['restore'], { cwd, env, reject: false, timeout: 300_000 });
      check(`kill ${kill}: restore`, restored.exitCode === 0, restored.stderr);
      left(cwd, kill);
      // What the soak itself had just started, such as a cp, ends by itself.
      await until(`kill ${kill}: no process is left`, () => processesIn(cwd).length === 0);
    }
  } finally {
    release();
    for (const pid of processesIn(cwd)) process.kill(pid, 'SIGKILL');
    rmSync(cwd, { recursive: true, force: true });
  }
  return `${count} kills of an embedded soak, ${changed} of them on a rung`;
}

async function killSystem({ count, random }: Round): Promise<string> {
  const host = await Host.boot(CONFIG);
  let changed = 0;
  try {
    await host.pressMeekly();
    for (let kill = 1; kill <= count; kill++) {
      const soak = host.startSoak(...RUN.slice(1));
      let over = false;
      void soak.ended.then(() => {
        over = true;
      });
      if (kill % 2 === 0) await rung(join(host.machine.root, host.home), () => over);
      await sleep(random() * (kill % 2 === 0 ? LONGEST_MS : LONGEST_SYSTEM_MS));
      await soak.signal('KILL');
      await soak.ended;
      const home = join(host.machine.root, host.home);
      changed += valid(home, kill) ? 1 : 0;
      const restored = await host.soak('restore');
      check(`kill ${kill}: restore`, restored.code === 0, restored.stderr);
      left(home, kill);
      const stopped = async () => (await host.show('ActiveState')) === 'inactive';
      if (restored.stdout.startsWith('restored')) await until('the unit is stopped, as it was found', stopped);
      await host.systemctl('stop', host.unit);
    }
  } finally {
    await host.close();
  }
  return `${count} kills of one over a system unit, ${changed} of them on a rung`;
}

/** Every other kill is at a moment after the first rung was written, so that as many find one in force; unless it was missed. */
const rung = (cwd: string, over: () => boolean) =>
  until('a rung', () => over() || readSampleEvery(readFileSync(join(cwd, 'config/config.toml'), 'utf8')) !== 1);

/** The config right after the kill is valid and a rung's; whether it is another than the one found. */
function valid(cwd: string, kill: number): boolean {
  const text = readFileSync(join(cwd, 'config/config.toml'), 'utf8');
  const every = readSampleEvery(text);
  check(
    `kill ${kill}: a rung's config`,
    every !== null && RUNGS.includes(every) && text.replace(/(sample_every = )\d+/, '$11') === CONFIG,
    text,
  );
  return text !== CONFIG;
}

/** Nothing is left but the config as it was found and the records, whole but for a last line. */
function left(cwd: string, kill: number): void {
  check(`kill ${kill}: config restored`, readFileSync(join(cwd, 'config/config.toml'), 'utf8') === CONFIG);
  check(
    `kill ${kill}: nothing beside the config`,
    readdirSync(join(cwd, 'config')).every((name) => !name.startsWith('.')),
  );
  const ops = join(cwd, 'data/ops');
  if (!existsSync(ops)) return;
  check(
    `kill ${kill}: no state is left`,
    readdirSync(ops).every((name) => !name.startsWith('soak_state')),
  );
  const log = join(ops, 'soak_decisions.jsonl');
  if (!existsSync(log)) return;
  for (const line of readFileSync(log, 'utf8').split('\n').slice(0, -1)) JSON.parse(line);
}

/** Processes that run in the folder. */
function processesIn(cwd: string): number[] {
  return readdirSync('/proc')
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(`XDG_STATE_HOME=${cwd}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}
