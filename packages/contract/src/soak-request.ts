import { z } from 'zod';

/** Where requests are left: the folder belongs to the supervisor, and only members of hybrid-soak-operators can make files in it. */
export const REQUESTS = '/run/hybrid-soak/requests';

/** A file `*.json` in REQUESTS: a soak that begins or ends because of it records the name in it, and whose file it was. */
export const soakRequestSchema = z.strictObject({
  v: z.literal(1),
  verb: z.enum(['start', 'stop']),
  by: z.string().max(200).describe('as the one who left it says'),
});
export type SoakRequest = z.infer<typeof soakRequestSchema>;

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
