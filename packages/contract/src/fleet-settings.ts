import { z } from 'zod';

const file = z.string().min(1).optional();

/** `[fleet]` of config.toml: the servers of `hybrid-fleet`, the account to use there, and what this host allows. */
export const fleetSchema = z.strictObject({
  servers: z.array(z.string().min(1)).default([]).describe('of NATS, "HOST:PORT" each; empty: not part of a fleet'),
  host: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe("this host's name in the fleet, its own alone; default: the machine's"),
  credentials_file: file.describe('a .creds file: JWT and seed'),
  nkey_file: file.describe('a file with the seed of an NKey'),
  user: z.string().min(1).optional(),
  password_file: file.describe('a file whose first line is the password of `user`'),
  tls_ca_file: file.describe('the authority that signed the servers; any of the three tls keys turns TLS on'),
  tls_cert_file: file,
  tls_key_file: file,
  replicas: z
    .number()
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe('copies of a stream that is made; 3 needs three servers'),
  allow_control: z.boolean().default(false).describe('hybrid-fleet control may start and stop soaks on this host'),
});

export type FleetSettings = z.infer<typeof fleetSchema>;
