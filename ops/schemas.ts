// `npm run schemas`: writes the JSON Schemas that are shipped, from the code that is their one source.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema, sourcesSchema } from '@hybrid-soak/contract/config.ts';
import { decisionSchema } from '@hybrid-soak/contract/decision.ts';
import { proofFileSchema } from '@hybrid-soak/contract/proof.ts';
import { samplesLineSchema } from '@hybrid-soak/contract/samples-header.ts';
import { summarySchema } from '@hybrid-soak/contract/summary.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { z } from 'zod';

const SCHEMAS = {
  decision: decisionSchema,
  samples: samplesLineSchema,
  config: configSchema,
  ws_sources: sourcesSchema,
  summary: summarySchema,
  proof: proofFileSchema,
};

/** A name alone, that leads nowhere: the same in a checkout, a release and a package of that version. */
const idOf = (name: string) => `urn:hybrid-soak:${VERSION}:${name}`;

/** File name to JSON text. */
export function schemaFiles(): Record<string, string> {
  const options = { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' } as const;
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify({ $id: idOf(name), title: `hybrid-soak ${name}`, ...z.toJSONSchema(schema, options) }, null, 2)}\n`,
    ]),
  );
}

if (import.meta.main)
  for (const [name, text] of Object.entries(schemaFiles()))
    writeFileSync(join(import.meta.dirname, 'schemas', name), text);
