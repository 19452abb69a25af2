import { dirname, join } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { type Fault, formatFault } from '@hybrid-soak/contract/fault.ts';
import { readText } from '../adapters/config-text.ts';
import {
  areRememberedSources,
  rememberConfig,
  rememberedConfig,
  rememberSources,
} from '../adapters/remembered-config.ts';
import { Stop } from '../stop.ts';

/** Parsers and schemas, which are megabytes and 40 ms: loaded for a text that is new. */
const checks = () => import('@hybrid-soak/contract/config-check.ts');

/** The configuration's text and value, or one line a fault and exit code 12. */
export async function readConfig(file: string): Promise<{ text: string; config: Config }> {
  const text = textOf(file);
  const remembered = rememberedConfig(text);
  if (remembered !== null) return { text, config: remembered };
  const checked = (await checks()).checkConfig(text, file);
  if (!checked.ok) throw new Stop(SOAK_EXIT.CONFIG, checked.faults.map(formatFault).join('\n'));
  rememberConfig(text, checked.value);
  await rememberBeside(file);
  return { text, config: checked.value };
}

export async function configFaults(text: string, file: string): Promise<readonly Fault[]> {
  if (rememberedConfig(text) !== null) return [];
  const checked = (await checks()).checkConfig(text, file);
  return checked.ok ? [] : checked.faults;
}

/** The same of a `ws_sources.toml`. */
export async function sourcesFaults(text: string, file: string): Promise<readonly Fault[]> {
  if (areRememberedSources(text)) return [];
  const checked = (await checks()).checkSources(text, file);
  if (!checked.ok) return checked.faults;
  rememberSources(text);
  return [];
}

/** What the next soak asks about the same folder. */
async function rememberBeside(config: string): Promise<void> {
  const sources = join(dirname(config), 'ws_sources.toml');
  try {
    await sourcesFaults(readText(sources), sources);
  } catch {
    // There are none, or nobody may read them: a soak that needs them says so.
  }
}

function textOf(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    const { message } = error as Error;
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? message})`;
    throw new Stop(SOAK_EXIT.CONFIG, `${file}: ${why}; valid: a readable config.toml`);
  }
}
