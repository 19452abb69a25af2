/** The calls of libc that Node has not: one load of it for all of them, when it is first needed. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, length: number, flags: number, to: Buffer, size: number): number;
  /** Ends the process at once, whatever its other threads do: https://man7.org/linux/man-pages/man2/_exit.2.html */
  _exit(code: number): void;
}

let loaded: Promise<Libc> | undefined;

export const libc = (): Promise<Libc> => {
  loaded ??= load();
  return loaded;
};

async function load(): Promise<Libc> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load('libc.so.6');
  return {
    socket: library.func('int socket(int domain, int type, int protocol)') as Libc['socket'],
    sendto: library.func(
      'intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *to, uint32_t size)',
    ) as Libc['sendto'],
    _exit: library.func('void _exit(int status)') as Libc['_exit'],
  };
}
