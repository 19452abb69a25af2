import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { schemaFiles } from '../../ops/schemas.ts';

const SHIPPED = join(import.meta.dirname, '../../ops/schemas');

for (const [name, text] of Object.entries(schemaFiles()))
  t.test(`the shipped ${name} is what the code says (npm run schemas)`, async (t) => {
    t.equal(readFileSync(join(SHIPPED, name), 'utf8'), text);
  });

t.test('the decision schema requires what every record has, but what the earlier tool did not write', async (t) => {
  const schema = JSON.parse(readFileSync(join(SHIPPED, 'decision.schema.json'), 'utf8'));
  const always = [
    'timestamp',
    'run_id',
    'ingest_mode',
    'psi_actions',
    'state',
    'current_sample_every',
    'action',
    'reason',
  ];
  t.same(schema.required, always);
});
