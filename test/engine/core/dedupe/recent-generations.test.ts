import { RecentGenerations } from '@hybrid-soak/engine/core/dedupe/recent-generations.ts';
import t from 'tap';

t.test('the latest ids are remembered, one generation at least and two at most', async (t) => {
  const recent = new RecentGenerations(3);
  const added = (...ids: string[]) => ids.map((id) => recent.add(id));
  t.same(added('a', 'b', 'b', 'c', 'a'), [true, true, false, true, false]);
  t.same(added('d', 'e', 'a', 'd'), [true, true, false, false]);
  t.same(added('f', 'g', 'd', 'b', 'a'), [true, true, false, true, true]);
});
