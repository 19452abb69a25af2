import WebSocket from 'ws';
import { proxyFor } from '../core/proxy.ts';
import { DirectReads } from './direct-reads.ts';

export interface SocketRules {
  handshake_timeout_ms: number;
  max_payload_bytes: number;
}

/**
 * Opens a WebSocket to a source: the one place where the engine connects to another host. `env` may name a proxy (see
 * `core/proxy.ts`), which is asked by CONNECT (https://nodejs.org/api/http.html#built-in-proxy-support); `direct` is undefined then.
 */
export function openSocket(url: string, rules: SocketRules, env: NodeJS.ProcessEnv) {
  const proxy = proxyFor(url, env);
  const agent = proxy === null ? undefined : throughProxy(proxy);
  const direct = agent === undefined ? new DirectReads() : undefined;
  const webSocket = new WebSocket(url, {
    ...direct?.options,
    agent,
    handshakeTimeout: rules.handshake_timeout_ms,
    maxPayload: rules.max_payload_bytes,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    followRedirects: false,
  });
  return { webSocket, direct };
}

/** Loaded only here: cryptography comes with it, and a source in the clear needs none. */
function throughProxy(proxy: string) {
  const { Agent } = process.getBuiltinModule('node:https');
  return new Agent({ proxyEnv: { HTTPS_PROXY: proxy } });
}
