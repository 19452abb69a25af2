import { program as engine } from '@hybrid-soak/engine/program.ts';
import { program as feed } from '@hybrid-soak/feed/main.ts';
import { program as fleet } from '@hybrid-soak/fleet/main.ts';
import { wholeProgram } from '@hybrid-soak/supervisor/main.ts';

/** What is installed: for what describes every command (manual pages, completions). */
export const programs = async () => [await wholeProgram(), engine, feed, fleet];
