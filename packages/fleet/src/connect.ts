import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import {
  type Authenticator,
  connect as connectNats,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { type ChosenSettings, readSmall } from './settings.ts';
import { Stop } from './stop.ts';

const CONNECT_MS = 5000;

/** No server could be reached. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

const REFUSALS = ['PermissionViolationError', 'AuthorizationError', 'UserAuthenticationExpiredError'];

/** The server does not let this account do what it asked for. */
export const isRefusal = (error: Error): boolean => REFUSALS.includes(error.name);

/**
 * One connection to one server, which never connects again by itself: what a server acknowledged before it died may be gone, so
 * that each new connection begins by asking where to go on. `patienceMs`: for each answer. `inbox`: where answers go, if not below
 * `_INBOX`.
 */
export async function connectToServers(
  settings: ChosenSettings,
  name: string,
  { patienceMs = 5000, inbox }: { patienceMs?: number; inbox?: string } = {},
): Promise<NatsConnection> {
  const { tls_ca_file: ca, tls_cert_file: cert, tls_key_file: key } = settings;
  const tls = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  };
  const who = authenticator(settings);
  return connectNats({
    servers: settings.servers,
    name,
    reconnect: false,
    timeout: CONNECT_MS,
    // A pong waits behind everything else that is on its way.
    pingInterval: 2 * patienceMs,
    maxPingOut: 2,
    ...(inbox === undefined ? {} : { inboxPrefix: inbox }),
    ...(who === undefined ? {} : { authenticator: who }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  }).catch((error: Error) => {
    if (error instanceof TypeError || error.name === 'InvalidArgumentError')
      throw new Stop(
        SOAK_EXIT.CONFIG,
        `fleet.servers ${settings.servers.join(' ')}: not an address; valid: HOST:PORT, as in nats.example:4222`,
      );
    // A server that refuses does answer.
    if (isRefusal(error)) throw error;
    throw new Unreachable(`the servers do not answer (${error.message})`, { cause: error });
  });
}

function authenticator(settings: ChosenSettings): Authenticator | undefined {
  const { credentials_file, nkey_file, user, password_file } = settings;
  if (credentials_file !== undefined) return credsAuthenticator(secret('credentials_file', credentials_file));
  if (nkey_file !== undefined)
    return nkeyAuthenticator(new TextEncoder().encode(secret('nkey_file', nkey_file).toString().trim()));
  if (user === undefined) return undefined;
  const password = password_file === undefined ? '' : secret('password_file', password_file).toString();
  return usernamePasswordAuthenticator(user, password.split('\n')[0]);
}

function secret(key: string, file: string): Buffer {
  try {
    return readSmall(file);
  } catch (error) {
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `fleet.${key}: ${file} cannot be read (${errorCode(error)}); valid: a file that this account may read`,
    );
  }
}
