import { lineBlocksBackward } from '@hybrid-soak/contract/json-lines.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { withSource } from './file-source.ts';
import { parseObservation } from './sight.ts';

/** The last observation of a samples file, read from its end; null if there is none. Throws Unreadable. */
export function lastObservation(path: string): Observation | null {
  return withSource(path, (source) => {
    for (const { lines } of lineBlocksBackward(source))
      for (const line of lines.toReversed()) {
        const observation = parseObservation(line);
        if (observation !== null) return observation;
      }
    return null;
  });
}
