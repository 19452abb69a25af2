import { costOfSources } from '../growth/frames.ts';
import { median, sideBySide } from '../ratio.ts';
import type { Row } from '../row.ts';

const MANY = 16;

/** One of them is at work, the others wait for its loss. */
export const sources: Row = {
  name: 'sources-16',
  what: `${MANY} sources configured against one: CPU a frame, 1,000 frames/s one by one`,
  unit: 'x one',
  target: { most: 1.2 },
  async measure({ quick, repeats }) {
    const seconds = quick ? 2.5 : 6;
    const turns = await sideBySide(
      Math.min(repeats, 3),
      () => costOfSources(1, seconds),
      () => costOfSources(MANY, seconds),
    );
    const us = (of: 'yardstick' | 'real') => `${median(turns.map((turn) => turn[of])).toFixed(1)} us`;
    return {
      figures: turns.map(({ yardstick, real }) => real / yardstick),
      seen: `one ${us('yardstick')}, ${MANY} ${us('real')}`,
    };
  },
};
