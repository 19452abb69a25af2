import { object, oneOf, textUpTo } from './read-json.ts';

/** Where requests are left: the folder belongs to the supervisor, and only members of hybrid-soak-operators can make files in it. */
export const REQUESTS = '/run/hybrid-soak/requests';

/** A file `*.json` in REQUESTS: a soak that begins or ends because of it records the name in it, and whose file it was. */
export interface SoakRequest {
  v: 1;
  verb: 'start' | 'stop';
  /** As the one who left it says; at most 200 characters. */
  by: string;
}

const MOST_CHARS = 200;

/** Throws if the value is something else. */
export const readSoakRequest = object<SoakRequest>({
  v: oneOf([1]),
  verb: oneOf(['start', 'stop']),
  by: textUpTo(MOST_CHARS),
});
