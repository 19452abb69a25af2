/** The database cannot be used; nothing in it was changed. The message says which file, why, and what would be right. */
export class DatabaseRefused extends Error {
  override name = 'DatabaseRefused';
}

/** The database cannot be had now: locked for longer than the busy timeout, or the disk is full or failing. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable';
}
