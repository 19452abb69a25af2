import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { PressureFile, PSI_PERIOD_MS } from './pressure-file.ts';
import { between, chance, type Random } from './random.ts';
import type { Scenario } from './scenario.ts';

const CPUS = 4;
/** The engine's part of the io and memory stall that it causes together with others; 0.03 where it causes nothing. */
const BYSTANDER = 0.03;

const threeFiles = () => ({ cpu: new PressureFile(), memory: new PressureFile(), io: new PressureFile() });

/** Pressure of the host and of the engine's cgroup, from what others do and what the engine does. */
export class Host {
  readonly cpus = CPUS;
  busyUsec = 0;
  readonly psi = threeFiles();
  cgroupPsi = threeFiles();
  private burst = { on: false, until: 0 };
  private nextAverage = PSI_PERIOD_MS;
  private readonly scenario: Scenario;
  private readonly random: Random;

  constructor(scenario: Scenario, random: Random) {
    this.scenario = scenario;
    this.random = random;
  }

  /** The end of the slice that may be taken from `at`: never across a period of the kernel. */
  sliceEnd(to: number): number {
    return Math.min(to, this.nextAverage);
  }

  /** `ms` have passed until `at`, with an engine that stalls tasks for `engineStall` percent and uses `engineUsec` of CPU. */
  advance(at: number, ms: number, engineStall: number, engineUsec: number): void {
    const ambient = this.ambient(at);
    const share = { cpu: 1, memory: this.scenario.memoryShare, io: this.scenario.ioShare };
    for (const resource of RESOURCES)
      this.stall(resource, ms, ambient * share[resource], engineStall * share[resource]);
    this.busyUsec += Math.round((40 + ambient * 3.5) * ms * 10) + engineUsec;
    if (at < this.nextAverage) return;
    for (const resource of RESOURCES) {
      this.psi[resource].average();
      this.cgroupPsi[resource].average();
    }
    this.nextAverage += PSI_PERIOD_MS;
  }

  /** systemd has removed the cgroup and made it again: its totals begin at 0. */
  renewCgroup(): void {
    this.cgroupPsi = threeFiles();
  }

  /** Two causes that know nothing of each other stall tasks at the same time now and then. */
  private stall(resource: Resource, ms: number, ambient: number, engine: number): void {
    const some = 100 - ((100 - ambient) * (100 - engine)) / 100;
    const own = resource === 'cpu' ? some : engine + ambient * BYSTANDER;
    this.psi[resource].add(ms, some, resource === 'cpu' ? 0 : some / 3);
    this.cgroupPsi[resource].add(ms, own, own / 2);
  }

  private ambient(at: number): number {
    const { ambient, ambientLevel: level, options } = this.scenario;
    const noise = between(this.random, -2, 2);
    return Math.max(0, Math.min(98, level * this.shape(ambient, at / (options.duration_s * 1000), at) + noise));
  }

  private shape(kind: Scenario['ambient'], part: number, at: number): number {
    if (kind === 'flat') return 1;
    if (kind === 'diurnal') return 0.5 - 0.5 * Math.cos(2 * Math.PI * part);
    if (kind === 'ramping') return part;
    if (at >= this.burst.until)
      this.burst = { on: chance(this.random, 0.5), until: at + between(this.random, 10_000, 300_000) };
    return this.burst.on ? 1 : 0.1;
  }
}
