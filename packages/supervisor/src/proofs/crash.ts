import { signalEngine } from '../adapters/root-parent.ts';
import type { Notes } from '../inspect/notes.ts';
import { supervisorKilled } from './crash-supervisor.ts';
import { localExchange } from './exchange.ts';
import type { Ground } from './ground.ts';
import type { ProofCode } from './proof.ts';
import { doubles } from './restart.ts';

const RATE = 1000;
const killsOf = (quick: boolean) => (quick ? 2 : 20);

export const crash: ProofCode = {
  name: 'crash',
  requirement:
    'A kill -9 of the engine leaves a sound database and no double row; a kill -9 of the supervisor leaves one of two valid configs, a whole log, and restore repairs it.',
  method: (quick) =>
    `kill -9 of the engine ${killsOf(quick)} times, at random moments, over a local exchange (${RATE} frames/s); integrity_check and trade ids. ` +
    `Then ${killsOf(quick)} soaks under CPU pressure, each killed with -9 at a random moment around its first rung change, and \`soak restore\`.`,
  async measure(ground, notes) {
    const exchange = await localExchange(ground, RATE);
    try {
      ground.configure({ engine: { ingest_mode: 'realws', sample_every: 1 } });
      await engineKilled(ground, notes, killsOf(ground.quick));
    } finally {
      exchange.close();
    }
    await supervisorKilled(ground, notes, killsOf(ground.quick));
  },
};

async function engineKilled(ground: Ground, notes: Notes, times: number): Promise<void> {
  let unit = await ground.restart();
  const since = ground.scratch.lastId();
  const back: number[] = [];
  for (let n = 0; n < times; n++) {
    await ground.resetCounters();
    await ground.pause(Math.random() * 500);
    const victim = unit;
    signalEngine(victim.main_pid, 'SIGKILL');
    const started = performance.now();
    await ground.until(
      'another process',
      async () => ((await ground.unit()).main_pid === victim.main_pid ? null : true),
      120,
    );
    unit = await ground.writing();
    back.push(performance.now() - started);
    notes.evidence({
      kill: n + 1,
      killed: victim.main_pid,
      now: unit.main_pid,
      writing_again_ms: back.at(-1),
      n_restarts: unit.n_restarts,
    });
  }
  await ground.manager.stop();
  const sound = ground.scratch.ask<{ integrity_check: string }>('PRAGMA integrity_check')?.[0]?.integrity_check;
  const rows = ground.scratch.lastId() - since;
  const doubled = doubles(ground, since);
  notes.number('kills of the engine', times, 'kills');
  notes.number('writing again after a kill, longest', Math.max(...back), 'ms');
  notes.check('the database is sound', sound === 'ok', `PRAGMA integrity_check: ${sound}`);
  notes.check('nothing is double', doubled === 0 && rows > 0, `${doubled} double trade ids in ${rows} rows`);
}
