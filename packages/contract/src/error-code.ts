/** `code` of a system, SQLite or Node error (`ENOENT`, `SQLITE_BUSY`); undefined if the error has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
