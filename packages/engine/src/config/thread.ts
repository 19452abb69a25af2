import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from './load.ts';
import type { ConfigFlags } from './loaded.ts';

const { config, sources, mode } = workerData as ConfigFlags;
parentPort?.postMessage(loadConfig(config, sources, mode));
