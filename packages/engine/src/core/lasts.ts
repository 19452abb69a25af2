import { errorCode } from '@hybrid-soak/contract/error-code.ts';

/** `now`: a retry or a restart may succeed, exit 13. `good`: only a person can repair it, exit 12. */
export type Lasts = 'now' | 'good';

/**
 * The one table of what fails for now and what for good, at start and while running, by the codes of SQLite
 * (https://www.sqlite.org/rescode.html) and of the system. `ask`: SQLite opens a file that it may not write read-only, and
 * reports the same whatever open(2) said: the file itself has to be asked.
 */
const TABLE: readonly [code: RegExp, lasts: Lasts | 'ask'][] = [
  [/^SQLITE_(BUSY|LOCKED|FULL|IOERR|PROTOCOL|NOMEM)/, 'now'],
  [/^(EROFS|ENOSPC|EDQUOT|EIO|EMFILE|ENFILE|ENOMEM|EAGAIN|EBUSY|ESTALE|ETIMEDOUT)$/, 'now'],
  [/^SQLITE_(READONLY|CANTOPEN)/, 'ask'],
  [/^SQLITE_(CORRUPT|NOTADB|PERM)/, 'good'],
  [/^(EACCES|EPERM|ENOTDIR|EISDIR|ENOENT|ELOOP|ENAMETOOLONG|EEXIST|EINVAL)$/, 'good'],
];

/**
 * How long a failure of the system lasts, wherever it was thrown: without descriptors neither a module nor a thread can be
 * loaded. Null for any other failure.
 */
export function lastsOf(error: unknown): Lasts | 'ask' | null {
  const code = errorCode(error);
  // https://nodejs.org/api/errors.html#err_worker_init_failed has the system's code in its text alone.
  return lastsByCode(code === 'ERR_WORKER_INIT_FAILED' ? /\b(E[A-Z]+)$/.exec(String(error))?.[1] : code);
}

/** How long what failed with this code lasts; null for any other code, which is a bug. */
export const lastsByCode = (code: string | undefined): Lasts | 'ask' | null =>
  TABLE.find(([pattern]) => pattern.test(code ?? ''))?.[1] ?? null;
