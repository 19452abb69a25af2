/** What a configuration, a flag and a record may name. */
export const INGEST_MODES = ['synthetic', 'replay', 'mockws', 'realws'] as const;
export const PSI_ACTIONS = ['on', 'logonly', 'off'] as const;
export const POLICIES = ['adaptive', 'classic'] as const;
/** The earlier system's spelling of the modes, accepted in its configuration files and flags. */
export const EARLIER_MODES = {
  SYNTHETIC: 'synthetic',
  REPLAY: 'replay',
  MOCK_WS: 'mockws',
  REAL_WS: 'realws',
} as const satisfies Record<string, (typeof INGEST_MODES)[number]>;
export type IngestMode = (typeof INGEST_MODES)[number];
export type PsiActions = (typeof PSI_ACTIONS)[number];
export type PolicyName = (typeof POLICIES)[number];

/** The mode that a text names in either spelling; undefined if it names none. */
export function ingestMode(text: string): IngestMode | undefined {
  const known = Object.hasOwn(EARLIER_MODES, text) ? EARLIER_MODES[text as keyof typeof EARLIER_MODES] : text;
  return INGEST_MODES.find((mode) => mode === known);
}
