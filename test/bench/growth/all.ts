import type { Rules } from '../row.ts';
import { growthOfFrames, growthOfSources, whereDropsBegin } from './frames.ts';
import { growthOfRows } from './rows.ts';
import type { Growth } from './table.ts';

/** How the cost grows, one kind of growth after the other. The engine runs with its default configuration. */
export async function* growth(rules: Rules): AsyncGenerator<Growth[]> {
  yield growthOfRows(rules);
  yield await growthOfSources(rules);
  yield await growthOfFrames(rules);
  yield [await whereDropsBegin(rules)];
}
