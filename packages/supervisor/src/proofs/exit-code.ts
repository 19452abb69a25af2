import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { signalEngine } from '../adapters/root-parent.ts';
import type { Notes } from '../inspect/notes.ts';
import { systemctl } from '../unit/systemctl.ts';
import { timeSpanMs } from '../unit/unit-file.ts';
import type { Ground } from './ground.ts';
import type { ProofCode } from './proof.ts';

const SYNTHETIC = { engine: { ingest_mode: 'synthetic', tick_interval_ms: 20, sample_every: 1 } };

export const exitCode: ProofCode = {
  name: 'exit-code',
  requirement:
    'Anything wrong with the configuration ends the engine with exit code 12, and it stays down; a crash is restarted; a clean stop stays down.',
  method: (quick) =>
    'Restart the unit over four faulty configs, one after another; then watch its state for 3 x RestartSec: NRestarts must not move. ' +
    `Then kill -SEGV of the main process, and a clean stop: SIGTERM to it${quick ? '' : ', then the unit stopped'}.`,
  async measure(ground, notes) {
    const restartMs = await restartDelay(ground, notes);
    notes.number('RestartSec', restartMs / 1000, 's');
    ground.configure(SYNTHETIC);
    for (const [what, text] of Object.entries(faulty(ground))) await refused(ground, notes, what, text, restartMs);
    ground.configure(SYNTHETIC);
    await crashed(ground, notes);
    await stopped(ground, notes, restartMs);
  },
};

function faulty(ground: Ground): Record<string, string> {
  return {
    'a syntax error': `${ground.settings(SYNTHETIC)}\nsample_every = = 1\n`,
    'a bad URL': ground.settings({ engine: { ingest_mode: 'mockws', ws_url: 'http://localhost' } }),
    'an out-of-range value': ground.settings({ engine: { sample_every: 0 } }),
    'mode LIVE': ground.settings({ mode: 'LIVE' }),
  };
}

async function restartDelay(ground: Ground, notes: Notes): Promise<number> {
  if (ground.scope === null) return 2000;
  const properties = 'Restart,RestartUSec,RestartPreventExitStatus,StartLimitIntervalUSec,StartLimitBurst';
  const flags = ground.scope === 'user' ? ['--user'] : [];
  const shown = await notes.run(['systemctl', ...flags, 'show', ground.plan.unit, '-p', properties]);
  return timeSpanMs(/^RestartUSec=(.+)$/m.exec(shown)?.[1] ?? '2s');
}

async function refused(ground: Ground, notes: Notes, what: string, text: string, restartMs: number): Promise<void> {
  await ground.resetCounters();
  ground.replace(ground.plan.config, text);
  const outcome = await ground.manager.restart();
  notes.ran(`restart over ${what}`, null, outcome.error ?? 'reported as started');
  const ended = await ground.until(
    `an exit with ${what}`,
    async () => {
      const unit = await ground.unit();
      return unit.exec_main_status !== null && unit.active_state !== 'active' ? unit : null;
    },
    120,
  );
  await ground.pause(3 * restartMs);
  const after = await ground.unit();
  notes.evidence({ config: what, ended, after });
  const code = ended.exec_main_status;
  notes.check(`${what}: exit code 12`, code === ENGINE_EXIT.CONFIG, `exit code ${code}`);
  notes.check(
    `${what}: it stays down`,
    after.n_restarts === ended.n_restarts && after.active_state === 'failed' && after.main_pid === 0,
    `NRestarts ${ended.n_restarts}, then ${after.n_restarts}; ${after.active_state} (${after.sub_state}) ${(3 * restartMs) / 1000} s later`,
    'the unit needs RestartPreventExitStatus=12: look at its drop-ins (systemctl cat)',
  );
  if (ground.scope !== null) await systemctl(ground.scope, ['stop', ground.plan.unit]);
}

async function crashed(ground: Ground, notes: Notes): Promise<void> {
  const before = await ground.restart();
  signalEngine(before.main_pid, 'SIGSEGV');
  notes.ran(`kill -SEGV ${before.main_pid}`, 0, '');
  const after = await ground.until(
    'a new process after SIGSEGV',
    async () => {
      const unit = await ground.unit();
      return unit.active_state === 'active' && unit.main_pid !== before.main_pid && unit.main_pid > 0 ? unit : null;
    },
    120,
  );
  notes.evidence({ signal: 'SIGSEGV', before, after });
  notes.check(
    'a crash (kill -SEGV) is restarted',
    after.n_restarts === before.n_restarts + 1 && after.invocation_id !== before.invocation_id,
    `NRestarts ${before.n_restarts}, then ${after.n_restarts}; invocation ${before.invocation_id}, then ${after.invocation_id}`,
  );
}

/** By SIGTERM, whose exit code 0 `Restart=` has to leave alone, and by the manager. */
async function stopped(ground: Ground, notes: Notes, restartMs: number): Promise<void> {
  const { main_pid: pid } = await ground.writing();
  signalEngine(pid, 'SIGTERM');
  notes.ran(`kill -TERM ${pid}`, 0, '');
  await ground.until('an end after SIGTERM', async () => (await ground.unit()).main_pid !== pid, 120);
  await down(ground, notes, 'SIGTERM', restartMs);
  if (ground.quick) return;
  await ground.restart();
  await ground.manager.stop();
  await down(ground, notes, 'stop of the unit', restartMs);
}

async function down(ground: Ground, notes: Notes, how: string, restartMs: number): Promise<void> {
  await ground.pause(3 * restartMs);
  const unit = await ground.unit();
  notes.evidence({ stopped_by: how, unit });
  notes.check(
    `a clean stop (${how}) stays down`,
    unit.active_state === 'inactive' && unit.main_pid === 0,
    `${unit.active_state} (${unit.sub_state}), result ${unit.result}, exit code ${unit.exec_main_status}, ${(3 * restartMs) / 1000} s later`,
  );
}
