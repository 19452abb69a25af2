import { token } from './subject.ts';

export interface ControlAnswer {
  ok: boolean;
  /** One line for people. */
  text: string;
}

/**
 * `control.<host>.<operator>`: a server's permissions say who may publish to which, so that the last token is the name of who
 * asks wherever users have such permissions.
 */
export const controlSubject = (host: string, operator: string): string => `control.${token(host)}.${token(operator)}`;
