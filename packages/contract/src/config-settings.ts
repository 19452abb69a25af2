import TOML from '@iarna/toml';

export type Setting = string | number | boolean | { [key: string]: Setting };
export type Settings = Record<string, Setting>;

/**
 * A config's text with other settings in it, for a temporary file: comments and layout are not kept. A table of `changes`
 * goes over the table of the text. Throws if the text is not TOML.
 */
export function withSettings(text: string, changes: Settings): string {
  return TOML.stringify(merged(TOML.parse(text.replace(/^\uFEFF/, '')), changes));
}

function merged(table: TOML.JsonMap, changes: Settings): TOML.JsonMap {
  const result: TOML.JsonMap = { ...table };
  for (const [key, change] of Object.entries(changes)) {
    const old = result[key];
    const nested = typeof old === 'object' && !Array.isArray(old) && !(old instanceof Date) ? old : {};
    result[key] = typeof change === 'object' ? merged(nested, change) : change;
  }
  return result;
}
