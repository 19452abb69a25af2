import { type Psi, RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { type Notes, notebook } from '../inspect/notes.ts';
import { TOO_BUSY } from './ends.ts';
import type { Ground } from './ground.ts';
import { press } from './load.ts';
import type { ProofCode } from './proof.ts';

/** The kernel renews the averages every 2 s (Documentation/accounting/psi.rst), and on a busy host up to a second late: once at most within this. */
const WINDOW_MS = 1000;

export const psi: ProofCode = {
  name: 'psi',
  requirement:
    'Stall time is read from the kernel as it is: raw lines byte for byte, floats equal to the raw text, cpu, memory and io, some and full.',
  method: (quick) =>
    `${quick ? 3 : 8} readings of the supervisor's own adapter, idle and again under induced CPU load, each between two looks of cat(1) within a second: ` +
    'the averages are those of cat, `total` lies between its two, and the numbers written out again are the raw line.',
  async measure(ground, notes) {
    const host = hostPressure();
    const blind = Object.entries(host.read()).filter(([, reading]) => !reading.available);
    for (const [name, reading] of blind)
      notes.blocked(`PSI of ${name}`, reading.available ? '' : reading.why, 'boot with psi=1, kernel 4.20 or later');
    if (blind.length > 0) return;
    await readings(ground, notes, 'idle');
    const load = press(ground.quick);
    try {
      await ground.until('CPU stall time over 10 %', () => cpuSome(host) > 10, 120, 250);
      notes.number('cpu some avg10 under load', cpuSome(host), '% of wall time');
      await readings(ground, notes, 'under load');
    } finally {
      await load.release();
    }
  },
};

function cpuSome(host: ReturnType<typeof hostPressure>): number {
  const { cpu } = host.read();
  return cpu.available ? cpu.value.some.avg10 : 0;
}

interface Look {
  text: Record<Resource, string>;
  at: number;
}

async function readings(ground: Ground, notes: Notes, when: string): Promise<void> {
  const host = hostPressure();
  const wrong: string[] = [];
  const wanted = ground.times(8, 3);
  let done = 0;
  for (let tries = 0; done < wanted && tries < wanted * 20; tries++) {
    const before = await look(tries === 0 ? notes : null);
    const ours = host.read();
    const after = await look(null);
    if (after.at - before.at > WINDOW_MS) continue;
    done++;
    notes.evidence({ when, cat_before: before.text, ours, cat_after: after.text, window_ms: after.at - before.at });
    for (const resource of RESOURCES) {
      const reading = ours[resource];
      if (reading.available) wrong.push(...faults(resource, reading.value, before.text, after.text));
      else wrong.push(`${resource}: ${reading.why}`);
    }
    await ground.pause(ground.quick ? 300 : 1000);
  }
  if (done === 0)
    return notes.blocked(`the readings ${when}`, `no two looks came within a second of each other: ${TOO_BUSY}`);
  const lines = `${done} readings of ${RESOURCES.length} files`;
  notes.check(
    `${when}: the kernel's lines, and numbers equal to them`,
    wrong.length === 0,
    wrong.length === 0 ? lines : `${lines}: ${wrong.join('; ')}`,
  );
}

async function look(notes: Notes | null): Promise<Look> {
  const { run } = notes ?? notebook().notes;
  const text = {} as Look['text'];
  const at = monotonicMs();
  for (const name of RESOURCES) text[name] = await run(['cat', `/proc/pressure/${name}`]);
  return { text, at };
}

const AVERAGES = / avg10=\S+ avg60=\S+ avg300=\S+/;

function faults(resource: Resource, ours: Psi, before: Look['text'], after: Look['text']): string[] {
  const wrong: string[] = [];
  for (const kind of ['some', 'full'] as const) {
    const line = ours[kind];
    const [first, last] = [before, after].map((text) => new RegExp(`^${kind} .*$`, 'm').exec(text[resource])?.[0]);
    if (first === undefined || last === undefined || line === null) {
      if (first !== undefined || line !== null) wrong.push(`${resource} ${kind}: read by one alone`);
      continue;
    }
    const again = `${kind} avg10=${line.avg10.toFixed(2)} avg60=${line.avg60.toFixed(2)} avg300=${line.avg300.toFixed(2)} total=${line.total}`;
    if (again !== line.raw) wrong.push(`${resource} ${kind}: ${line.raw} is read as ${again}`);
    const averages = AVERAGES.exec(line.raw)?.[0];
    if (averages !== AVERAGES.exec(first)?.[0] && averages !== AVERAGES.exec(last)?.[0])
      wrong.push(`${resource} ${kind}: ${line.raw}, while cat saw ${first}, then ${last}`);
    if (line.total < totalOf(first) || line.total > totalOf(last))
      wrong.push(`${resource} ${kind}: total ${line.total} outside ${totalOf(first)} to ${totalOf(last)}`);
  }
  return wrong;
}

const totalOf = (line: string) => Number(/total=(\d+)/.exec(line)?.[1]);
