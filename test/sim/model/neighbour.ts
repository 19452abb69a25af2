import { between, chance, type Random } from '../random.ts';
import { STEP_US } from './cpu.ts';
import { Quota } from './quota.ts';
import { levelOf, type Wave } from './wave.ts';

/** Another load of the host, between two seconds of the run. */
export interface NeighbourSpec {
  from_s: number;
  until_s: number;
  threads: number;
  /** How much of the time each thread wants to run while it is on; 1: always. */
  demand: number;
  wave: Wave;
  /** CPUs that its unit may use; null: no quota. */
  quota: number | null;
  io_bytes_per_s: number;
  io_ops_per_s: number;
  memory_mib: number;
}

/** A thread that has waited does not want more than this of the past, µs. */
const BACKLOG_US = 500_000;
const WAKES = 0.5;

/** Threads that wake now and then, do their work and sleep again. */
export class Neighbour {
  readonly spec: NeighbourSpec;
  readonly quota: Quota;
  private readonly random: Random;
  private pendingUs = 0;
  private level = 0;

  constructor(spec: NeighbourSpec, random: Random) {
    this.spec = spec;
    this.random = random;
    this.quota = new Quota(spec.quota);
  }

  /** Once a second. */
  turn(second: number): void {
    const { from_s, until_s, wave } = this.spec;
    this.level = second >= from_s && second < until_s ? levelOf(wave, second) : 0;
    if (this.level === 0) this.pendingUs = 0;
  }

  get isOn(): boolean {
    return this.level > 0;
  }

  get intensity(): number {
    return this.level;
  }

  /** CPU time that each of its threads wants in the step that begins, µs. */
  wants(): number {
    const demand = this.spec.demand * this.level;
    if (demand >= 1) this.pendingUs = STEP_US;
    else if (demand > 0 && chance(this.random, WAKES))
      this.pendingUs += ((STEP_US * demand) / WAKES) * between(this.random, 0.6, 1.4);
    this.pendingUs = Math.min(this.pendingUs, BACKLOG_US);
    return Math.min(this.pendingUs, STEP_US);
  }

  used(usedUs: number): void {
    this.pendingUs = Math.max(0, this.pendingUs - usedUs / this.spec.threads);
  }
}
