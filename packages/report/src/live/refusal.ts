import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

export interface Refusal {
  status: number;
  why: string;
  headers?: Record<string, string>;
}

/** Nothing can be changed through this server, and no page of another site can read it under a name of its own. */
export function refusal({ method, headers }: IncomingMessage, listen: string): Refusal | null {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, why: 'only GET and HEAD', headers: { allow: 'GET, HEAD' } };
  const host = (headers.host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (!ownNames(listen).includes(host)) return { status: 403, why: 'this Host is not served here' };
  return null;
}

function ownNames(listen: string): string[] {
  const names = ['localhost', '127.0.0.1', '::1', listen.toLowerCase()];
  const everywhere = isIP(listen) !== 0 && /^[0:.]+$/.test(listen);
  if (!everywhere) return names;
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return [...names, hostname().toLowerCase(), ...addresses];
}
