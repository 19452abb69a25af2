import { errorCode } from './error-code.ts';

/**
 * What an error says, never empty: the message, else those of the errors that it collects (a connection to a host with
 * several addresses fails with an AggregateError that has no message), else its code or name.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error) || 'unknown error';
  if (error.message !== '') return error.message;
  const inner = 'errors' in error && Array.isArray(error.errors) ? error.errors.map(errorText) : [];
  return [...new Set(inner)].join('; ') || errorCode(error) || error.name;
}
