import type { Config } from '@hybrid-soak/contract/config.ts';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { formatFault } from '@hybrid-soak/contract/fault.ts';
import { readText } from '../adapters/config-text.ts';
import { rememberConfig, rememberedConfig } from '../adapters/remembered-config.ts';
import { Stop } from '../stop.ts';

/** The configuration's text and value, or one line a fault and exit code 12. */
export async function readConfig(file: string): Promise<{ text: string; config: Config }> {
  const text = textOf(file);
  const remembered = rememberedConfig(text);
  if (remembered !== null) return { text, config: remembered };
  const { checkConfig } = await import('@hybrid-soak/contract/config-check.ts');
  const checked = checkConfig(text, file);
  if (!checked.ok) throw new Stop(SOAK_EXIT.CONFIG, checked.faults.map(formatFault).join('\n'));
  rememberConfig(text, checked.value);
  return { text, config: checked.value };
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
