import type { Psi, PsiLine } from '@hybrid-soak/contract/psi.ts';
import { available, type Reading } from '@hybrid-soak/contract/reading.ts';

/** The kernel recomputes the averages about this often, ms (PSI_FREQ of kernel/sched/psi.c). */
export const PSI_PERIOD_MS = 2000;

const DECAY = [10, 60, 300].map((seconds) => Math.exp(-2 / seconds)) as [number, number, number];

/** One line as the kernel keeps it. The text is made when somebody looks: a simulation reads far more than it records. */
class Line implements PsiLine {
  readonly kind: string;
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: number;
  constructor(kind: string, averages: readonly number[], total: number) {
    this.kind = kind;
    this.avg10 = averages[0] as number;
    this.avg60 = averages[1] as number;
    this.avg300 = averages[2] as number;
    this.total = total;
  }
  get raw(): string {
    const [a, b, c] = [this.avg10, this.avg60, this.avg300].map((value) => value.toFixed(2));
    return `${this.kind} avg10=${a} avg60=${b} avg300=${c} total=${this.total}`;
  }
}

/** One pressure file: stall time adds up, the averages follow it every two seconds. */
export class PressureFile {
  private some = 0;
  private full = 0;
  private readonly seen = { some: 0, full: 0 };
  private readonly averages = { some: [0, 0, 0], full: [0, 0, 0] };

  /** `ms` of wall time in which tasks waited for the given percentages of it. */
  add(ms: number, somePercent: number, fullPercent: number): void {
    this.some += ms * somePercent * 10;
    this.full += ms * fullPercent * 10;
  }

  /** The same in microseconds of stall. */
  addUs(someUs: number, fullUs: number): void {
    this.some += someUs;
    this.full += fullUs;
  }

  /** One period of the kernel is over. */
  average(): void {
    for (const kind of ['some', 'full'] as const) {
      const rate = ((this[kind] - this.seen[kind]) / (PSI_PERIOD_MS * 1000)) * 100;
      const averages = this.averages[kind];
      for (let i = 0; i < 3; i++) {
        const decay = DECAY[i] as number;
        averages[i] = (averages[i] as number) * decay + rate * (1 - decay);
      }
      this.seen[kind] = this[kind];
    }
  }

  read(): Reading<Psi> {
    const line = (kind: 'some' | 'full') => new Line(kind, this.averages[kind], Math.round(this[kind]));
    return available({ some: line('some'), full: line('full') });
  }
}
