/**
 * sd_notify(3): datagrams of `KEY=value` lines to the unix socket that NOTIFY_SOCKET names; `@` stands for the leading
 * NUL of an abstract address. Node has no unix datagrams, so libc's own calls are used.
 */
export interface Notifier {
  send(state: string): void;
  /** Half of WATCHDOG_USEC in milliseconds, the interval sd_watchdog_enabled(3) advises; null where none is asked for. */
  watchdogMs: number | null;
}

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;

/** A notifier for this process; one that does nothing where systemd did not ask for messages. */
export async function openNotifier(env: NodeJS.ProcessEnv): Promise<Notifier> {
  const path = env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return { send: () => {}, watchdogMs: null };
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *to, uint32_t size)',
  );
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0) as number;
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const usec = Number(env['WATCHDOG_USEC'] ?? 0);
  const mine = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === process.pid;
  return {
    send(state) {
      const data = Buffer.from(state);
      sendto(fd, data, data.length, 0, address, address.length);
    },
    watchdogMs: usec > 0 && mine ? usec / 2000 : null,
  };
}
