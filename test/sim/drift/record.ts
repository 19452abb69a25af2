import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Vitals, vitalsSchema } from '@hybrid-soak/contract/vitals.ts';
import { engineWith, folder, rows } from '../../engine/engine.ts';

/**
 * Makes a noise profile: the real engine without a leak, its floors much more often than in service, so that an hour of
 * recording has as many floors as days have. `node test/sim/drift/record.ts --out FILE --seconds 1560 --floor-ms 3000`.
 * With `--rate N` the trades come over a WebSocket from a local exchange, N a second, instead of from the engine's generator.
 */
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'noise.json' },
    seconds: { type: 'string', default: '1800' },
    'floor-ms': { type: 'string', default: '3000' },
    'tick-ms': { type: 'string', default: '5' },
    rate: { type: 'string' },
  },
});
/** Until then code is compiled and caches fill: in the recording that is kept the heap was flat within 0.1 MiB from 850 s on. */
const WARM_S = 900;
const seconds = Number(values.seconds);
const floorMs = Number(values['floor-ms']);
const FEED = fileURLToPath(new URL('../../../packages/feed/bin/hybrid-feed', import.meta.url));
const feed =
  values.rate === undefined
    ? null
    : spawn(FEED, ['serve', '--port', '0', '--rate', values.rate], { stdio: ['ignore', 'pipe', 'inherit'] });
const line = feed === null ? null : await new Promise<string>((ok) => createInterface(feed.stdout).once('line', ok));
const urls = line === null ? [] : [(JSON.parse(line) as { binance: string }).binance];
const mode = feed === null ? `tick_interval_ms = ${values['tick-ms']}` : 'ingest_mode = "realws"';
const cwd = folder(mkdtempSync(join(tmpdir(), 'noise-')), urls, `[engine]\n${mode}\n`);
const { child, ended } = engineWith({ HYBRID_FLOOR_INTERVAL_MS: String(floorMs) }, cwd, 'run');

/** One row a floor: s since the start, KiB of heap, KiB of private memory, descriptors, ns of CPU a frame, us of latency p99. */
const found: number[][] = [];
let lastMs = 0;
let before = { cpu: 0, frames: 0 };
while (performance.now() < seconds * 1000) {
  await new Promise((resolve) => setTimeout(resolve, Math.min(500, floorMs / 4)));
  const [row] = rows<{ vitals: string | null; frames_received: number }>(
    cwd,
    'SELECT vitals, frames_received FROM engine_status',
  );
  const vitals: Vitals = vitalsSchema.parse(JSON.parse(row?.vitals ?? '{}'));
  const { floor, cpu_usec: cpu = 0, descriptors = 0, latency_us } = vitals;
  if (row === undefined || !floor || floor.mono_ms === lastMs) continue;
  lastMs = floor.mono_ms;
  const perFrame = ((cpu - before.cpu) * 1000) / Math.max(1, row.frames_received - before.frames);
  before = { cpu, frames: row.frames_received };
  const kib = [floor.heap_bytes, floor.private_bytes].map((bytes) => Math.round(bytes / 1024));
  found.push([Math.round(floor.mono_ms / 1000), ...kib, descriptors, Math.round(perFrame), latency_us?.p99 ?? 0]);
}
child.kill('SIGTERM');
await ended;
feed?.kill('SIGTERM');
const source = feed === null ? `--tick-ms ${values['tick-ms']}` : `--rate ${values.rate}`;
const profile = {
  about: `node test/sim/drift/record.ts --seconds ${seconds} --floor-ms ${floorMs} ${source}`,
  node: process.version,
  warm_s: WARM_S,
  columns: ['s', 'heap_kib', 'private_kib', 'descriptors', 'cpu_ns_per_frame', 'latency_p99_us'],
};
const head = JSON.stringify(profile).slice(0, -1);
writeFileSync(values.out, `${head},"floors":[\n${found.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`);
rmSync(cwd, { recursive: true, force: true });
