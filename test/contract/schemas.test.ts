import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import t from 'tap';
import { schemaFiles } from '../../ops/schemas.ts';

const SHIPPED = join(import.meta.dirname, '../../ops/schemas');

for (const [name, text] of Object.entries(schemaFiles()))
  t.test(`the shipped ${name} is what the code says (npm run schemas)`, async (t) => {
    t.equal(readFileSync(join(SHIPPED, name), 'utf8'), text);
  });

t.test(
  'the decision schema has one member an action; each requires what every record has, first and in order',
  async (t) => {
    const schema = JSON.parse(readFileSync(join(SHIPPED, 'decision.schema.json'), 'utf8'));
    const always = [
      'timestamp',
      'run_id',
      'seq',
      'ingest_mode',
      'psi_actions',
      'policy',
      'state',
      'current_sample_every',
    ];
    const members = schema.oneOf as { required: string[]; properties: { action: { const: string } } }[];
    t.same(
      members.map(({ properties }) => properties.action.const),
      ACTIONS,
    );
    for (const { required, properties } of members)
      t.same(required.slice(0, 10), [...always, 'action', 'reason'], properties.action.const);
  },
);
