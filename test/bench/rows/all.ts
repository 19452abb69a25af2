import type { Row } from '../row.ts';
import { diskStall } from './disk-stall.ts';
import { autocommit, engineCpu, engineRate, exchangeRows, throttledCpu, throttledReads } from './engine.ts';
import { fleetBeside, fleetRate } from './fleet.ts';
import { longMemoryRows, memoryRows } from './memory.ts';
import { persistence } from './persistence.ts';
import { policyCore } from './policy-core.ts';
import { replay, report } from './recording.ts';
import { restRows } from './rest.ts';
import { sources } from './sources.ts';
import { stallProbe } from './stall-probe.ts';
import { restartGap, supervisorCpu, supervisorMemory } from './systemd.ts';

/** The table, in the order in which it is measured. */
export const ROWS: readonly Row[] = [
  engineRate,
  engineCpu,
  ...exchangeRows,
  sources,
  autocommit,
  persistence,
  throttledCpu,
  throttledReads,
  diskStall,
  stallProbe,
  policyCore,
  replay,
  report,
  fleetRate,
  restartGap,
  ...memoryRows,
  ...fleetBeside,
  ...restRows,
  supervisorCpu,
  supervisorMemory,
  ...longMemoryRows,
];
