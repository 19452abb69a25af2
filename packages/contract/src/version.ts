/** Version of the whole workspace: one number for every package, program, schema and release. */
export const VERSION = '0.2.0';
