import { libc } from './libc.ts';

/**
 * sd_notify(3): datagrams of `KEY=value` lines to the unix socket that NOTIFY_SOCKET names; `@` stands for the leading
 * NUL of an abstract address. Node has no unix datagrams, so libc's own calls are used.
 */
export interface Notifier {
  send(state: string): void;
  /** Half of WATCHDOG_USEC in milliseconds, the interval sd_watchdog_enabled(3) advises; null if none is asked for. */
  watchdogMs: number | null;
}

const AF_UNIX = 1;
/** A manager that does not read must not stop the main thread: the message is lost instead. */
const MSG_DONTWAIT = 0x40;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;

/** A notifier for this process; one that does nothing if systemd did not ask for messages. */
export async function openNotifier(env: NodeJS.ProcessEnv): Promise<Notifier> {
  const path = env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return { send: () => {}, watchdogMs: null };
  const { socket, sendto } = await libc();
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const usec = Number(env['WATCHDOG_USEC'] ?? 0);
  const mine = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === process.pid;
  return {
    send(state) {
      const data = Buffer.from(state);
      sendto(fd, data, data.length, MSG_DONTWAIT, address, address.length);
    },
    watchdogMs: usec > 0 && mine ? usec / 2000 : null,
  };
}
