/** What a row is measured with: `quick` is the form that fits the whole table into a minute. */
export interface Rules {
  quick: boolean;
  /** How often the yardstick and the real thing run, in turn. */
  repeats: number;
}

export interface Measured {
  /** One figure for each repetition, in the row's unit. */
  figures: number[];
  /** The figures behind the ratio, for people. */
  seen: string;
}

/** One line of the table. */
export interface Row {
  name: string;
  what: string;
  unit: string;
  target: { least: number } | { most: number };
  /** Runs only when it is named: longer than the whole table may take. */
  onlyNamed?: true;
  /**
   * Measured at once with its like. `load`: it takes no harm from some percent of a core beside it, so the warm-ups of the others
   * run meanwhile. `rest`: CPU at rest is counted, of processes that are warm.
   */
  atOnce?: 'load' | 'rest';
  /** A minute or more in which nothing is measured; `measure` waits for the same one. */
  warmUp?(rules: Rules): Promise<unknown>;
  /** Throws NotMeasured if this machine cannot show it. */
  measure(rules: Rules): Promise<Measured>;
  /** If the target is missed: a profile or counters under `data/bench/`, and the limit that they name. */
  whyMissed?(rules: Rules): Promise<string>;
}

/** Something that the row needs is not here; the message says what. */
export class NotMeasured extends Error {
  override name = 'NotMeasured';
}

const ends: (() => Promise<void>)[] = [];

/** Has `end` called when everything is measured. */
export const atEnd = (end: () => Promise<void>): void => void ends.push(end);

export async function endAll(): Promise<void> {
  for (const end of ends) await end();
}

/** Runs `measure` once for all rows that read different figures off the same runs. */
export function shared<T>(measure: (rules: Rules) => Promise<T>): (rules: Rules) => Promise<T> {
  let running: Promise<T> | undefined;
  return (rules) => {
    running ??= measure(rules);
    return running;
  };
}
