import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import type { IngestMode } from '@hybrid-soak/contract/modes.ts';

/** What the command line says of the configuration. */
export interface ConfigFlags {
  config: string;
  sources?: string;
  mode?: IngestMode;
  recover?: boolean;
}

/** The contents of the two files, checked. */
export interface Files {
  config: Config;
  sources: Source[];
}
