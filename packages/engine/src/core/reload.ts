/** Keys that a reload applies without a restart. */
export const LIVE_KEYS = ['engine.sample_every', 'engine.log_level'] as const;

/** Sections that the engine does not read. */
const NOT_OURS = ['soak.', 'dashboard.'];

/** The dotted keys whose values differ, in the order of the new configuration. */
export function changedKeys(before: object, after: object): string[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...now.keys(), ...old.keys()])].filter(
    (key) => old.get(key) !== now.get(key) && !NOT_OURS.some((prefix) => key.startsWith(prefix)),
  );
}

function flat(value: object, prefix = '', into = new Map<string, string>()): Map<string, string> {
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'object' && inner !== null) flat(inner, `${prefix}${key}.`, into);
    else into.set(prefix + key, JSON.stringify(inner));
  }
  return into;
}
