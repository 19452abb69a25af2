import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';

/** `127.0.0.1:8502`, `[::1]:8502`, `localhost:8502`; port 0 takes a free one. Anything else is a usage error. */
export function parseListen(flag: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new Stop(SOAK_EXIT.USAGE, `${flag} ${text}: valid: HOST:PORT, for example 127.0.0.1:8502`);
  return { host, port };
}
