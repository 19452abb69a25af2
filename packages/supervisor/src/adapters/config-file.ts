import { realpathSync } from 'node:fs';
import { readSampleEvery, setSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { ConfigReading } from '@hybrid-soak/contract/sample.ts';
import { readText } from './config-text.ts';
import { writeConfig } from './config-writer.ts';

let last: { text: string; sample_every: number | null } | null = null;

/** `[engine] sample_every` as the file has it now. The same text is not parsed again: that is a tenth of a look. */
export function readConfigFile(path: string): ConfigReading {
  try {
    const text = readText(path);
    if (last?.text !== text) last = { text, sample_every: readSampleEvery(text) };
    return available({ sample_every: last.sample_every });
  } catch (error) {
    return unavailable(`${path}: ${(error as Error).message}`);
  }
}

/**
 * Writes `sample_every` into the file, one token changed; null takes the key out. `intent` is given the new text and the
 * one that was found before anything is written, so that a kill in between leaves a trace of it.
 */
export function writeSampleEvery(
  path: string,
  value: number | null,
  intent: (text: string, found: string) => void = () => {},
): void {
  const target = realpathSync(path);
  const found = readText(target);
  const edited = setSampleEvery(found, value);
  intent(edited, found);
  writeConfig(target, edited);
}
