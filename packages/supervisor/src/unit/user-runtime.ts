import { existsSync } from 'node:fs';

/** Runtime folder of this account's user manager, whatever the environment says of it (pam_systemd(8)). */
export const userRuntimeFolder = (): string => `/run/user/${process.getuid?.() ?? 0}`;

/** Whether a user manager of this account has made its folder there; it may run without a login (lingering). */
export const userManagerPlace = (): string | null =>
  existsSync(`${userRuntimeFolder()}/systemd`) ? userRuntimeFolder() : null;
