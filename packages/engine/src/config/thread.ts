import { parentPort, workerData } from 'node:worker_threads';
import type { ConfigFlags } from './files.ts';
import { keepConfig } from './kept.ts';
import { loadConfig } from './load.ts';

const flags = workerData as ConfigFlags;
const read = new Map<string, Buffer>();
const checked = loadConfig(flags.config, flags.sources, flags.mode, read);
parentPort?.postMessage(checked);
if (checked.ok) keepConfig(checked.value, read, flags, process.env);
