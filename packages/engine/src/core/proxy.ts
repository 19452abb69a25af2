type Env = Readonly<Record<string, string | undefined>>;

const VALID = 'http://[USER:PASSWORD@]HOST:PORT or https://…';

/**
 * The proxy for a URL, as curl has it (https://curl.se/docs/manpage.html, "ENVIRONMENT"): `https_proxy` or `HTTPS_PROXY` for wss,
 * without a scheme http, except for what `no_proxy` or `NO_PROXY` lists: `*`, or hosts, of which each stands for its subdomains
 * too, with a port or without. Null if it is reached directly. A proxy that `proxyFault` finds wrong is none.
 */
export function proxyFor(url: string, env: Env): string | null {
  const { protocol, hostname, port } = new URL(url);
  const proxy = parsed(env);
  if (protocol !== 'wss:' || proxy === null || proxy === undefined) return null;
  const host = hostname.replace(/^\[|\]$/g, '');
  const isNamed = (entry: string) => {
    const [, name, at] =
      /^\*?\.?\[?(.*?)\]?(?::(\d+))?$/.exec(entry.includes('::') ? `[${entry.replace(/[[\]]/g, '')}]` : entry) ?? [];
    return (host === name || host.endsWith(`.${name}`)) && (at === undefined || at === (port || '443'));
  };
  const entries = (env['no_proxy'] || env['NO_PROXY'] || '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return entries.some((entry) => entry === '*' || isNamed(entry)) ? null : proxy.href;
}

/** What is wrong with the proxy that the environment names; undefined if nothing is. Its password is not in the text. */
export const proxyFault = (env: Env): { problem: string; valid: string } | undefined =>
  parsed(env) === undefined ? { problem: 'is not the URL of an HTTP proxy', valid: VALID } : undefined;

/** Null if there is none, undefined if it cannot be used. */
function parsed(env: Env): URL | null | undefined {
  const text = (env['https_proxy']?.trim() || env['HTTPS_PROXY']?.trim()) ?? '';
  if (text === '') return null;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) return undefined;
  const proxy = new URL(url);
  return /^https?:$/.test(proxy.protocol) ? proxy : undefined;
}
