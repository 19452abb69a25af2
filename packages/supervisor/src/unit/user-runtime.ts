import { existsSync } from 'node:fs';

/** Runtime folder of this account's user manager, whatever the environment says of it (pam_systemd(8)). */
export const userRuntimeFolder = (): string => `/run/user/${process.getuid?.() ?? 0}`;

/** sd_booted(3): whether systemd is this machine's manager. */
export const isBooted = (): boolean => existsSync('/run/systemd/system');

/** Whether there may be a user manager of this account to ask. */
export const mayHaveUserManager = (): boolean =>
  userManagerPlace() !== null || process.env['XDG_RUNTIME_DIR'] !== undefined;

/** Whether a user manager of this account has made its folder there; it may run without a login (lingering). */
export const userManagerPlace = (): string | null =>
  existsSync(`${userRuntimeFolder()}/systemd`) ? userRuntimeFolder() : null;
