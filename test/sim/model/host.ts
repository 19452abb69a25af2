import { available } from '@hybrid-soak/contract/reading.ts';
import { PressureFile, PSI_PERIOD_MS } from '../pressure-file.ts';
import { between, type Random, seeded } from '../random.ts';
import type { Scenario } from '../scenario.ts';
import { Cpus, STEP_US } from './cpu.ts';
import type { Engine } from './engine.ts';
import { Neighbour } from './neighbour.ts';
import type { Quota } from './quota.ts';

const files = () => ({ cpu: new PressureFile(), memory: new PressureFile(), io: new PressureFile() });
const STEP_MS = STEP_US / 1000;
const STEPS_PER_SECOND = 1000 / STEP_MS;
const MIB = 1024 * 1024;
/** No request is larger than this. */
const REQUEST_BYTES = 128 * 1024;
/** A step's stall as percent of its second. */
const percent = (us: number) => us / 1e4;
/** In use beyond this share of the memory, reclaim stalls tasks. */
const TIGHT = 0.9;

/** What was really so within one second, percent of wall time; the supervisor sees none of it. */
export interface Truth {
  /**
   * Stall of the host while threads contended for CPUs, times the engine's share of the CPU time of the second: products
   * by the second, as the part is defined. Loads that take turns within a second count with their shares.
   */
  cpuPart: number;
  ioPart: number;
  memoryPart: number;
  /** Host stall, whatever caused it. */
  cpuPressure: number;
  /** Wall time in which the engine's own quota kept it from running. */
  throttled: number;
}

const noTruth = (): Truth => ({ cpuPart: 0, ioPart: 0, memoryPart: 0, cpuPressure: 0, throttled: 0 });

/** A host with CPUs, one disk and memory; pressure follows from who is runnable and waits. */
export class Host {
  readonly psi = files();
  enginePsi = files();
  busyUs = 0;
  idleUs = 0;
  ioBytes = 0;
  ioOps = 0;
  engineIoBytes = 0;
  engineIoOps = 0;
  engineWaitUs = 0;
  memoryInUse = 0;
  engineMemory = 0;
  private truth = noTruth();
  /** Of the present second: percent of contention, CPU time of the engine and of all. */
  private contended = 0;
  private ownUs = 0;
  private allUs = 0;
  /** Of the present second: shares of wall time that are stall, bytes and operations a second. */
  private readonly rates = {
    io: { host: 0, engine: 0 },
    memory: { host: 0, engine: 0 },
    ownBytes: 0,
    ownOps: 0,
    allBytes: 0,
    allOps: 0,
  };
  private readonly parts = { io: 0, memory: 0 };
  readonly neighbours: Neighbour[];
  private readonly scenario: Scenario;
  private readonly random: Random;
  private readonly cpus: Cpus;
  private readonly wanted: Float64Array;
  private nextAverage = PSI_PERIOD_MS;
  private rowsBefore = 0;
  private stepOfSecond = 0;

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.random = seeded(seed);
    this.cpus = new Cpus(scenario.cpus, scenario.neighbours.length + 1);
    this.wanted = new Float64Array(scenario.neighbours.length + 1);
    this.neighbours = scenario.neighbours.map((spec, i) => new Neighbour(spec, seeded(seed + 101 * (i + 1))));
  }

  /** systemd has recreated the cgroup: its totals begin at 0. */
  renewCgroup(): void {
    this.enginePsi = files();
    this.engineIoBytes = 0;
    this.engineIoOps = 0;
    this.engineWaitUs = 0;
  }

  /** One step until `at`, ms. At the end of a second the truth about it is returned, else null. */
  advance(at: number, engine: Engine): Truth | null {
    this.stepOfSecond++;
    if (this.stepOfSecond === 1) this.turn(at, engine);
    this.step(engine);
    this.flow();
    if (at >= this.nextAverage) {
      for (const file of [...Object.values(this.psi), ...Object.values(this.enginePsi)]) file.average();
      this.nextAverage += PSI_PERIOD_MS;
    }
    if (this.stepOfSecond < STEPS_PER_SECOND) return null;
    this.stepOfSecond = 0;
    const truth = { ...this.truth, cpuPart: this.allUs > 0 ? (this.contended * this.ownUs) / this.allUs : 0 };
    this.truth = noTruth();
    [this.contended, this.ownUs, this.allUs] = [0, 0, 0];
    return truth;
  }

  /** Once a second: who is on, and what disk and memory do to them. */
  private turn(at: number, engine: Engine): void {
    for (const neighbour of this.neighbours) neighbour.turn(at / 1000);
    this.disk(engine);
    this.memory(engine);
  }

  /** What disk and memory do within one step. */
  private flow(): void {
    const { io, memory, ownBytes, ownOps, allBytes, allOps } = this.rates;
    this.psi.io.addUs(io.host * STEP_US, (io.host * STEP_US) / 2);
    this.enginePsi.io.addUs(io.engine * STEP_US, io.engine * STEP_US);
    this.psi.memory.addUs(memory.host * STEP_US, (memory.host * STEP_US) / 2);
    this.enginePsi.memory.addUs(memory.engine * STEP_US, (memory.engine * STEP_US) / 2);
    this.engineIoBytes += ownBytes / STEPS_PER_SECOND;
    this.engineIoOps += ownOps / STEPS_PER_SECOND;
    this.ioBytes += allBytes / STEPS_PER_SECOND;
    this.ioOps += allOps / STEPS_PER_SECOND;
    this.truth.ioPart += this.parts.io / STEPS_PER_SECOND;
    this.truth.memoryPart += this.parts.memory / STEPS_PER_SECOND;
  }

  private step(engine: Engine): void {
    const { cpus, neighbours } = this;
    engine.prepare();
    this.ask(0, engine.threads, engine.wantUs, engine.quota);
    for (let i = 0; i < neighbours.length; i++) {
      const neighbour = neighbours[i] as Neighbour;
      this.ask(i + 1, neighbour.spec.threads, neighbour.wants(), neighbour.quota);
    }
    const contended = cpus.run();
    let used = cpus.used[0] as number;
    let free = 1;
    for (let i = 0; i < neighbours.length; i++) {
      const neighbour = neighbours[i] as Neighbour;
      const usedUs = cpus.used[i + 1] as number;
      used += usedUs;
      // Not by destructuring: the step is run 72,000 times for an hour.
      const wanted = this.wanted[i + 1] as number;
      const until = cpus.until[i + 1] as number;
      free *= 1 - neighbour.quota.settle(neighbour.spec.threads, wanted, usedUs, until) / STEP_US;
      neighbour.used(usedUs);
    }
    const own = cpus.used[0] as number;
    const throttled = engine.quota.settle(engine.threads, engine.wantUs, own, cpus.until[0] as number);
    engine.ran(own);
    this.busyUs += used;
    this.idleUs += cpus.cpus * STEP_US - used;
    this.engineWaitUs += cpus.some[0] as number;
    // Throttled threads are runnable and have no CPU: the kernel counts them.
    const some = STEP_US * (1 - (1 - contended / STEP_US) * free * (1 - throttled / STEP_US));
    this.psi.cpu.addUs(some, 0);
    const ownSome = Math.min(STEP_US, (cpus.some[0] as number) + throttled);
    this.enginePsi.cpu.addUs(ownSome, Math.min(ownSome, (cpus.full[0] as number) + throttled));
    this.contended += percent(contended);
    this.ownUs += own;
    this.allUs += used;
    this.truth.cpuPressure += percent(some);
    this.truth.throttled += percent(throttled);
  }

  private ask(group: number, threads: number, wantUs: number, quota: Quota): void {
    this.cpus.threads[group] = threads;
    this.cpus.wants[group] = quota.allow(threads, wantUs);
    this.wanted[group] = wantUs;
  }

  /** One disk: all requests share what it can do, and a task with requests in flight waits for them. */
  private disk(engine: Engine): void {
    const { disk, engine: spec } = this.scenario;
    const rows = Math.max(0, engine.rows - this.rowsBefore);
    this.rowsBefore = engine.rows;
    const own = {
      bytes: rows * spec.io_bytes_per_row,
      ops: rows * (spec.io_ops_per_row + spec.io_bytes_per_row / REQUEST_BYTES),
    };
    const others = { bytes: 0, ops: 0 };
    for (const { spec: of, intensity } of this.neighbours) {
      others.bytes += of.io_bytes_per_s * intensity * between(this.random, 0.8, 1.2);
      others.ops += (of.io_ops_per_s + of.io_bytes_per_s / REQUEST_BYTES) * intensity * between(this.random, 0.8, 1.2);
    }
    const load = (of: { bytes: number; ops: number }) => of.bytes / disk.bytes_per_s + of.ops / disk.ops_per_s;
    const [mine, theirs] = [load(own), load(others)];
    const squeeze = Math.max(1, mine + theirs);
    const waits = (wanted: number) =>
      Math.min(1, wanted / squeeze / Math.max(0.05, 1 - (mine + theirs - wanted) / squeeze));
    const [ownWait, otherWait] = [waits(mine), waits(theirs)];
    const some = 1 - (1 - ownWait) * (1 - otherWait);
    const share = (a: number, b: number) => (a + b > 0 ? a / (a + b) : 0);
    this.parts.io = 100 * some * Math.max(share(own.bytes, others.bytes), share(own.ops, others.ops));
    Object.assign(this.rates, {
      io: { host: some, engine: ownWait },
      ownBytes: own.bytes / squeeze,
      ownOps: own.ops / squeeze,
      allBytes: (own.bytes + others.bytes) / squeeze,
      allOps: (own.ops + others.ops) / squeeze,
    });
  }

  /** Close to its end, memory is reclaimed from those that have it, who then wait for it. */
  private memory(engine: Engine): void {
    const { memory_mib, engine: spec } = this.scenario;
    this.engineMemory = engine.isUp ? spec.memory_mib * MIB : 0;
    let others = 0.1 * memory_mib * MIB;
    for (const { spec: of, intensity } of this.neighbours) others += of.memory_mib * MIB * intensity;
    const total = memory_mib * MIB;
    this.memoryInUse = Math.min(total, this.engineMemory + others);
    const tight = Math.max(0, (this.engineMemory + others) / total - TIGHT) / (1 - TIGHT);
    const some = Math.min(0.95, 0.6 * tight * between(this.random, 0.9, 1.1));
    const share = this.engineMemory / (this.engineMemory + others);
    const own = some * Math.min(1, share * 1.5);
    this.rates.memory = { host: some, engine: own };
    this.parts.memory = 100 * Math.min(some * share, 2 * own);
  }

  readings() {
    const { scenario } = this;
    return {
      psi: { cpu: this.psi.cpu.read(), memory: this.psi.memory.read(), io: this.psi.io.read() },
      host_cpu: available({
        busy_usec: Math.round(this.busyUs),
        cpus: scenario.cpus,
        idle_usec: Math.round(this.idleUs),
      }),
      host_io: available({ bytes: Math.round(this.ioBytes), ops: Math.round(this.ioOps) }),
      host_memory: available({ total_bytes: scenario.memory_mib * MIB, in_use_bytes: Math.round(this.memoryInUse) }),
    };
  }
}
