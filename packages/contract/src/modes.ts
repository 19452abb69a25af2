/** What a configuration, a flag and a record may name. */
export const INGEST_MODES = ['synthetic', 'replay', 'mockws', 'realws'] as const;
export const PSI_ACTIONS = ['on', 'logonly', 'off'] as const;
export const POLICIES = ['adaptive', 'classic'] as const;
export type IngestMode = (typeof INGEST_MODES)[number];
export type PsiActions = (typeof PSI_ACTIONS)[number];
export type PolicyName = (typeof POLICIES)[number];
