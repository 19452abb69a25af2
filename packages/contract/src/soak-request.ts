import { z } from 'zod';

/** Who asked for the begin or the end of a soak. */
export const requestedSchema = z.object({
  by: z.string().describe("as the request's text says"),
  account: z.string().describe("owner of the request's file"),
});
export type Requested = z.infer<typeof requestedSchema>;

/** What an operator of a fleet asks a host for. */
export const controlRequestSchema = z.strictObject({
  v: z.literal(1),
  verb: z.enum(['start', 'stop']),
  /** As `soak@…` takes it; two hours without it. */
  duration: z
    .string()
    .regex(/^\d{1,7}[smhd]?$/)
    .optional(),
});
export type ControlRequest = z.infer<typeof controlRequestSchema>;
