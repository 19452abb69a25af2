import { Agent } from 'node:https';
import WebSocket from 'ws';

export interface SocketRules {
  handshake_timeout_ms: number;
  max_payload_bytes: number;
}

/**
 * Opens a WebSocket to a source: the one place where the engine connects to another host. `env` may name a proxy, as
 * curl has it: `https_proxy` or `HTTPS_PROXY` for wss, by CONNECT, except for the hosts in `no_proxy` or `NO_PROXY`
 * (https://nodejs.org/api/http.html#built-in-proxy-support).
 */
export function openSocket(url: string, rules: SocketRules, env: NodeJS.ProcessEnv): WebSocket {
  const agent = url.startsWith('wss:') && proxyOf(env) !== undefined ? new Agent({ proxyEnv: env }) : undefined;
  return new WebSocket(url, {
    agent,
    handshakeTimeout: rules.handshake_timeout_ms,
    maxPayload: rules.max_payload_bytes,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    followRedirects: false,
  });
}

const proxyOf = (env: NodeJS.ProcessEnv): string | undefined => env['https_proxy'] || env['HTTPS_PROXY'] || undefined;
