import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { AppValue } from '#runtime/core/value.ts';
import type { MemberState } from '#runtime/core/views.ts';
import type { Observation } from '#runtime/simulator/observation.ts';

/** Made-up observations, for planting faults that no engine should ever show. */
export const nodeId = (index: number): string => index.toString(16).padStart(32, '0');
export const A = nodeId(1);
export const B = nodeId(2);
export const C = nodeId(3);

export function started(atMs: number, node: string, boot = 1): Observation {
  return { type: 'started', atMs, node, boot };
}

export function stopped(atMs: number, node: string): Observation {
  return { type: 'stopped', atMs, node, how: 'killed' };
}

export function impaired(atMs: number, node: string, cause: 'stalled' | 'cut-off'): Observation {
  return { type: 'impaired', atMs, node, cause };
}

export function restored(atMs: number, node: string, cause: 'stalled' | 'cut-off'): Observation {
  return { type: 'restored', atMs, node, cause };
}

export function wrote(
  atMs: number,
  node: string,
  version: number,
  { key = 'k', value = version as AppValue, deleted = false, expiresAtMs = null as number | null } = {},
): Observation {
  return { type: 'wrote', atMs, node, key, version, value, deleted, expiresAtMs };
}

export function said(
  atMs: number,
  by: string,
  about: string,
  to: MemberState | undefined,
  { boot = 1, incarnation = 0 } = {},
): Observation {
  const event: EngineEvent = {
    type: 'member',
    id: about,
    name: about,
    from: undefined,
    to,
    boot,
    incarnation,
  };
  return { type: 'event', atMs, node: by, event };
}

export function applied(
  atMs: number,
  by: string,
  version: number,
  {
    owner = A,
    key = 'k',
    value = version as AppValue,
    change = 'put' as 'put' | 'delete' | 'expire' | 'forget',
  } = {},
): Observation {
  const event: EngineEvent = {
    type: 'record',
    change,
    record: {
      owner,
      node: owner,
      key,
      value,
      unit: null,
      quality: 'good',
      version,
      ageMs: 0,
      ageBoundMs: 0,
      ttlMs: null,
    },
  };
  return { type: 'event', atMs, node: by, event };
}

export function claims(atMs: number, node: string, owner: string, known: number): Observation {
  return { type: 'claims', atMs, node, owner, known };
}

export function shows(atMs: number, node: string, owner: string, version: number): Observation {
  return { type: 'shown', atMs, node, owner, key: 'k', version };
}
