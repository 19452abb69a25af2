import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../data/bench');
const TOP = 15;

/** https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile, as `node --cpu-prof` writes it. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/**
 * Runs `measure` with the flags that make node write a profile of each of its threads, and keeps the functions with the most
 * self time as `data/bench/profile-<name>.txt`. That file's path, and the first of its functions, for people.
 */
export async function profiled(name: string, measure: (nodeFlags: string[]) => Promise<unknown>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
  try {
    await measure(['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500']);
    const threads = readdirSync(folder).map((file) => selfTimes(join(folder, file)));
    const busiest = threads.sort((a, b) => b.busyMs - a.busyMs);
    mkdirSync(FOLDER, { recursive: true });
    const path = join(FOLDER, `profile-${name}.txt`);
    writeFileSync(path, busiest.map(described).join('\n'));
    const first = busiest.map(({ busyMs, lines }) => lines.slice(0, 3).map((line) => share(line, busyMs)));
    return `${first.flat().join(', ')}; ${path}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Line = [where: string, ms: number];

/** Self time by function, the most first; what the thread slept is not in it. */
function selfTimes(path: string): { busyMs: number; lines: Line[] } {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as Profile;
  const where = new Map(nodes.map(({ id, callFrame }) => [id, place(callFrame)]));
  const ms = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const at = where.get(id) as string;
    if (at !== '(idle)' && at !== '(root)') ms.set(at, (ms.get(at) ?? 0) + (timeDeltas[i] as number) / 1000);
  }
  const lines = [...ms].sort((a, b) => b[1] - a[1]);
  return { busyMs: lines.reduce((sum, line) => sum + line[1], 0), lines };
}

function place({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const file = url.split('/').slice(-2).join('/');
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

const share = ([where, ms]: Line, of: number) => `${where} ${((100 * ms) / of).toFixed(0)} %`;

function described({ busyMs, lines }: { busyMs: number; lines: Line[] }): string {
  const top = lines.slice(0, TOP).map(([where, ms]) => {
    const percent = ((100 * ms) / busyMs).toFixed(1).padStart(5);
    return `${ms.toFixed(1).padStart(9)} ms ${percent} %  ${where}`;
  });
  return `a thread that was busy for ${busyMs.toFixed(0)} ms; self time:\n${top.join('\n')}\n`;
}
