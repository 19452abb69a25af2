import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Known, RunState } from '@hybrid-soak/contract/run-state.ts';
import { startTimeOf } from '@hybrid-soak/supervisor/adapters/process.ts';
import { recover } from '@hybrid-soak/supervisor/recovery/restore.ts';
import { saveRunState } from '@hybrid-soak/supervisor/recovery/run-state.ts';
import t from 'tap';
import { leftState } from '../run-state.ts';

const CONFIG = '[engine]\nsample_every = 1\n';
const PROOF = '[engine]\nsample_every = 1\ntick_interval_ms = 20\n';
const RUNG = '[engine]\nsample_every = 5\ntick_interval_ms = 20\n';

const runState = (config: string, more: Partial<RunState>) => leftState(config, CONFIG, more);

/** Starts a process that leads a group of its own, and says its id once it does: field 5 of proc_pid_stat(5). */
const LEADER = `setsid sleep 600 >/dev/null 2>&1 &
until read -r _ _ _ _ group _ < /proc/$!/stat && [ "$group" = "$!" ]; do :; done; echo $!`;

/** A process that nobody here is the parent of, leader of a group: what a killed supervisor leaves. */
function orphan(): Known {
  const pid = Number(execFileSync('sh', ['-c', LEADER], { encoding: 'utf8' }));
  return { pid, start_time: startTimeOf(pid) ?? '' };
}

t.test('orphans that die of the first signal are not an error', async (t) => {
  const folder = t.testdir({ 'config.toml': CONFIG });
  const path = join(folder, 'soak_state.json');
  const helpers = Array.from({ length: 20 }, orphan);
  saveRunState(path, runState(join(folder, 'config.toml'), { helpers }));
  t.ok(await recover(path));
  for (const { pid, start_time } of helpers) t.not(startTimeOf(pid), start_time);
  t.notOk(existsSync(path));
});

t.test(
  'what the soak of a proof left is restored before the proof starts: its engine and config, but no user edits',
  async (t) => {
    const folder = t.testdir({ 'config.toml': RUNG, inner: {} });
    const [path, inner, config] = ['soak_state.json', 'inner/soak_state.json', 'config.toml'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const embedded = orphan();
    saveRunState(inner, runState(config, { original_text: PROOF, written_text: RUNG, embedded }));
    const replaced = [{ path: config, original_text: CONFIG, written: [PROOF] }];
    saveRunState(path, runState(config, { nested: [inner, join(folder, 'never/begun.json')], replaced }));
    t.ok(await recover(path));
    t.equal(readFileSync(config, 'utf8'), CONFIG);
    t.not(startTimeOf(embedded.pid), embedded.start_time);
    t.same(readdirSync(folder).sort(), ['config.toml', 'inner']);
    t.same(readdirSync(join(folder, 'inner')), []);
  },
);
