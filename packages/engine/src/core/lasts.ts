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

/** How long what failed with this code lasts; null for any other code, which is a bug. */
export const lastsByCode = (code: string | undefined): Lasts | 'ask' | null =>
  TABLE.find(([pattern]) => pattern.test(code ?? ''))?.[1] ?? null;
