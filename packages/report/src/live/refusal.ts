import type { IncomingMessage } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { hostRefusal, type Refusal } from '@hybrid-soak/contract/host-refusal.ts';

/** Why a request to a server on that host is not answered; null if it is. */
export const refusal = (request: IncomingMessage, listen: string): Refusal | null =>
  hostRefusal(request, listen, () => [
    hostname().toLowerCase(),
    ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  ]);
