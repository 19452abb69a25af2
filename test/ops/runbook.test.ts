import { readFileSync } from 'node:fs';
import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { ENGINE_EXIT, SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import t from 'tap';
import { withTables } from '../../ops/runbook.ts';

const sections = readFileSync(new URL('../../ops/RUNBOOK.md', import.meta.url), 'utf8').split(/^## /m);
const section = (title: string) => sections.find((text) => text.startsWith(title)) ?? '';
const firstCells = (text: string) => [...text.matchAll(/^\| (\w+) +\|/gm)].map((match) => match[1] as string).slice(1);

t.test('the runbook says of every action what it means, in the order of the contract', async (t) => {
  t.same(firstCells(section('What each action means').split('<!-- /actions -->')[0] ?? ''), ACTIONS);
});

t.test('the runbook says how to recover from every exit code', async (t) => {
  t.same(firstCells(section('Recovering: `soak run`')).map(Number), Object.values(SOAK_EXIT));
  t.same(firstCells(section('Recovering: `hybrid-engine`')).map(Number), Object.values(ENGINE_EXIT));
});

t.test("the runbook's tables are the contract's: npm run runbook writes them", async (t) => {
  const text = readFileSync(new URL('../../ops/RUNBOOK.md', import.meta.url), 'utf8');
  t.equal(withTables(text), text);
});
