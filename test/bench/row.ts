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
  /** Rests for most of a minute, and takes little harm from a few percent of a core beside it: measured at once with its like. */
  atOnce?: true;
  /** Throws NotMeasured if this machine cannot show it. */
  measure(rules: Rules): Promise<Measured>;
  /** If the target is missed: a profile or counters under `data/bench/`, and the limit that they name. */
  whyMissed?(rules: Rules): Promise<string>;
}

/** Something that the row needs is not here; the message says what. */
export class NotMeasured extends Error {
  override name = 'NotMeasured';
}

/** Runs `measure` once for all rows that read different figures off the same runs. */
export function shared<T>(measure: (rules: Rules) => Promise<T>): (rules: Rules) => Promise<T> {
  let running: Promise<T> | undefined;
  return (rules) => {
    running ??= measure(rules);
    return running;
  };
}
