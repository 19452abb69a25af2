import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import { abortRequest } from '../adapters/abort-file.ts';
import { readCgroup, readHostCpu } from '../adapters/cgroup.ts';
import { monotonicMs, wallMicros } from '../adapters/clock.ts';
import { readConfigFile } from '../adapters/config-file.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { readProcess } from '../adapters/process.ts';
import { progressProbe } from '../adapters/progress.ts';
import type { UnitManager } from '../unit/manager.ts';

export interface Sensors {
  runId: string;
  manager: UnitManager;
  config: string;
  db: string;
  abortFile: string;
  signal(): 'SIGINT' | 'SIGTERM' | null;
}

/** One snapshot of everything, from the same moment as nearly as reading allows. */
export function observer(sensors: Sensors) {
  const pressure = hostPressure();
  const probe = progressProbe(sensors.db);
  return async (outcomes: EffectOutcome[], due: boolean): Promise<Observation> => {
    const progress = probe.read();
    const moving = progress.progress.available && progress.progress.value.new_rows > 0;
    // Where no rows come, the unit may be on its way down with its process still there.
    const unit = await sensors.manager.show(!moving);
    const cgroup = readCgroup(unit.available ? unit.value.control_group : null);
    return {
      v: 1,
      run_id: sensors.runId,
      mono_ms: monotonicMs(),
      wall: wallMicros(),
      due,
      psi: pressure.read(),
      cgroup,
      host_cpu: readHostCpu(),
      ...progress,
      ...(cgroup.available ? {} : { process: readProcess(unit.available ? unit.value.main_pid : 0) }),
      unit,
      config: readConfigFile(sensors.config),
      outcomes,
      requests: { abort: abortRequest(sensors.abortFile), signal: sensors.signal() },
    };
  };
}
