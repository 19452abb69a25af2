import type { CgroupReading, EffectOutcome, Observation, UnitReading } from '@hybrid-soak/contract/sample.ts';
import { abortRequest } from '../adapters/abort-file.ts';
import { readCgroup } from '../adapters/cgroup.ts';
import { monotonicMs, wallMicros } from '../adapters/clock.ts';
import { readConfigFile } from '../adapters/config-file.ts';
import { readDatabaseFiles } from '../adapters/database-files.ts';
import { readHostCpu, readHostIo, readHostMemory, wholeDisks } from '../adapters/host.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { readProcess } from '../adapters/process.ts';
import { progressProbe } from '../adapters/progress.ts';
import { newMeter, partsOf, type Sensed, takeSample } from '../core/look/meter.ts';
import type { UnitManager } from '../unit/manager.ts';

export interface Sensors {
  runId: string;
  manager: UnitManager;
  config: string;
  db: string;
  abortFile: string;
  /** Seconds over which pressure, share and part are averaged. */
  windowS: number;
  asked(): Asked;
}

/** The signal that was heard, and who asked for it from another machine. */
export type Asked = Pick<Observation['requests'], 'signal' | 'requested'>;

export interface Observer {
  observe(outcomes: EffectOutcome[], due: boolean): Promise<Observation>;
  /** Ends the sampling. */
  close(): void;
}

const SAMPLE_MS = 1000;

/** Snapshots of everything, each from the same moment as nearly as reading allows; sampled every second between them. */
export function observer(sensors: Sensors): Observer {
  const probe = progressProbe(sensors.db);
  const meter = sampler(sensors.windowS * 1000);
  const timer = setInterval(() => meter.sample(), SAMPLE_MS);
  return {
    async observe(outcomes, due) {
      const progress = probe.read();
      const moving = progress.progress.available && progress.progress.value.new_rows > 0;
      // If no rows come, the unit may be on its way down with its process still there.
      meter.unit = await sensors.manager.show(!moving);
      const { sensed, parts } = meter.sample();
      return {
        v: 1,
        run_id: sensors.runId,
        ...sensed,
        wall: wallMicros(),
        due,
        parts,
        ...progress,
        files: readDatabaseFiles(sensors.db),
        config: readConfigFile(sensors.config),
        outcomes,
        requests: { abort: abortRequest(sensors.abortFile), ...sensors.asked() },
      };
    },
    close() {
      clearInterval(timer);
      probe.close();
    },
  };
}

/** A controller that is not enabled, or is on a cgroup v1 hierarchy, leaves its resource to the engine's processes. */
const accountsForAll = (cgroup: CgroupReading) =>
  cgroup.available && typeof cgroup.value.memory_in_use_bytes === 'number' && typeof cgroup.value.io_bytes === 'number';

/** The sensors of pressure and use, and the meter that they feed. */
function sampler(windowMs: number) {
  const pressure = hostPressure();
  const disks = wholeDisks();
  let meter = newMeter();
  const sense = (unit: UnitReading): Sensed => {
    const [group, pid] = unit.available ? [unit.value.control_group, unit.value.main_pid] : [null, 0];
    const cgroup = readCgroup(group, undefined, disks);
    return {
      mono_ms: monotonicMs(),
      psi: pressure.read(),
      cgroup,
      host_cpu: readHostCpu(),
      host_io: readHostIo(disks),
      host_memory: readHostMemory(),
      ...(accountsForAll(cgroup) ? {} : { process: readProcess(pid, !cgroup.available) }),
      unit,
    };
  };
  return {
    /** As it was last shown; a sample between two looks takes it as it was. */
    unit: { available: false, why: 'not looked at yet' } as UnitReading,
    sample() {
      const sensed = sense(this.unit);
      meter = takeSample(meter, sensed, windowMs);
      return { sensed, parts: partsOf(meter) };
    },
  };
}
