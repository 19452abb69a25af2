import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '@hybrid-soak/supervisor/adapters/process.ts';
import { recover } from '@hybrid-soak/supervisor/recovery/restore.ts';
import { type Known, type RunState, saveRunState } from '@hybrid-soak/supervisor/recovery/run-state.ts';
import t from 'tap';

const CONFIG = '[engine]\nsample_every = 1\n';
const PROOF = '[engine]\nsample_every = 1\ntick_interval_ms = 20\n';
const RUNG = '[engine]\nsample_every = 5\ntick_interval_ms = 20\n';

function runState(config: string, more: Partial<RunState>): RunState {
  return {
    v: 1,
    run_id: '537ae0ad-078a-4974-be0e-79ba6b9e666f',
    ingest_mode: 'synthetic',
    psi_actions: 'off',
    policy: 'adaptive',
    unit: 'hybrid-engine.service',
    manager: 'embedded',
    config,
    original_text: CONFIG,
    original_sample_every: 1,
    written_text: null,
    was_running: false,
    leave: 'as-found',
    embedded: null,
    ...more,
  };
}

/** A process that nobody here is the parent of, leader of a group: what a killed supervisor leaves. */
function orphan(): Known {
  const pid = Number(execFileSync('sh', ['-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }));
  return { pid, start_time: startTimeOf(pid) ?? '' };
}

t.test('orphans that die of the first signal are no error', async (t) => {
  const folder = t.testdir({ 'config.toml': CONFIG });
  const path = join(folder, 'soak_state.json');
  const helpers = Array.from({ length: 20 }, orphan);
  saveRunState(path, runState(join(folder, 'config.toml'), { helpers }));
  t.equal(await recover(path), true);
  for (const { pid, start_time } of helpers) t.not(startTimeOf(pid), start_time);
  t.notOk(existsSync(path));
});

t.test(
  'what a soak of a proof left is put back before the proof: its engine, its config, no edit of anybody',
  async (t) => {
    const folder = t.testdir({ 'config.toml': RUNG, inner: {} });
    const [path, inner, config] = ['soak_state.json', 'inner/soak_state.json', 'config.toml'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const embedded = orphan();
    saveRunState(inner, runState(config, { original_text: PROOF, written_text: RUNG, embedded }));
    const replaced = [{ path: config, original_text: CONFIG, written: [PROOF] }];
    saveRunState(path, runState(config, { nested: [inner, join(folder, 'never/begun.json')], replaced }));
    t.equal(await recover(path), true);
    t.equal(readFileSync(config, 'utf8'), CONFIG);
    t.not(startTimeOf(embedded.pid), embedded.start_time);
    t.same(readdirSync(folder).sort(), ['config.toml', 'inner']);
    t.same(readdirSync(join(folder, 'inner')), []);
  },
);
