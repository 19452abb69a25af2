export interface Refusal {
  status: number;
  why: string;
  headers?: Record<string, string>;
}

/**
 * Nothing can be changed through a server of ours, and no page of another site can read it under a name of its own. `listen`: the
 * host that it listens on; `names`: what this machine is called and its addresses, asked for if it listens on all of them.
 */
export function hostRefusal(
  { method, headers }: { method?: string | undefined; headers: { host?: string | undefined } },
  listen: string,
  names: () => string[],
): Refusal | null {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, why: 'only GET and HEAD', headers: { allow: 'GET, HEAD' } };
  const host = (headers.host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  const own = ['localhost', '127.0.0.1', '::1', listen.toLowerCase()];
  const everywhere = /^[0:.]+$/.test(listen);
  if (own.includes(host) || (everywhere && names().includes(host))) return null;
  return { status: 403, why: 'this Host is not served here' };
}
