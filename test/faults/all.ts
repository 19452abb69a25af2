import { ambient } from './ambient.ts';
import { clockSteps } from './clock.ts';
import { endurance } from './endurance.ts';
import type { Fault } from './fault.ts';
import { fleetKills } from './fleet.ts';
import { fullDisk } from './full-disk.ts';
import { fuzz } from './fuzz.ts';
import { killSoak } from './kill-soak.ts';
import { kills, sigterms } from './stops.ts';

export const FAULTS: readonly Fault[] = [
  kills,
  killSoak,
  sigterms,
  fuzz,
  clockSteps,
  fullDisk,
  endurance,
  ambient,
  fleetKills,
];
