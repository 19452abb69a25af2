import { available } from '@hybrid-soak/contract/reading.ts';
import { type EmbeddedOptions, EmbeddedProcess } from './embedded-process.ts';
import type { Outcome, UnitManager } from './manager.ts';

/**
 * The stand-in for a machine where no systemd manager answers: runs the same unit file's command, restarts it by the same
 * rules, stops it by SIGTERM and, past the stop timeout, SIGKILL.
 */
export function embeddedUnit({ why, ...options }: EmbeddedOptions & { why: string }): UnitManager {
  const engine = new EmbeddedProcess(options);
  const outcome = (ok: boolean): Outcome => ({
    ok,
    error: ok ? null : `${engine.seen.active} (${engine.seen.sub}), result ${engine.seen.result}`,
    invocation_id: engine.invocation,
    unit_pid: engine.child?.pid ?? null,
  });
  return {
    name: 'embedded',
    why,
    show: async () =>
      available({
        active_state: engine.seen.active,
        sub_state: engine.seen.sub,
        result: engine.seen.result,
        main_pid: engine.child?.pid ?? 0,
        invocation_id: engine.invocation,
        n_restarts: engine.seen.restarts,
        exec_main_status: engine.seen.status,
        exec_main_code: engine.seen.code,
        control_group: null,
      }),
    async settle() {},
    async start() {
      await engine.start();
      return outcome(engine.child !== null);
    },
    async stop() {
      await engine.stop();
      return outcome(engine.child === null);
    },
    async restart() {
      await engine.stop();
      await engine.start();
      return outcome(engine.child !== null);
    },
    async reload() {
      return outcome(engine.child?.kill('SIGHUP') ?? false);
    },
    async release() {
      await engine.stop();
    },
  };
}
