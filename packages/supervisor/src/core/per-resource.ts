import type { Resource } from '@hybrid-soak/contract/psi.ts';

export type PerResource<T> = Record<Resource, T>;

export const mapResources = <T>(of: (resource: Resource) => T): PerResource<T> => ({
  cpu: of('cpu'),
  memory: of('memory'),
  io: of('io'),
});
