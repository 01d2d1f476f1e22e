import { problemOfKey } from '../../wire/record-codec.ts';
import { gcounter, pncounter } from './counter.ts';
import type { CrdtType } from './crdt-type.ts';
import { max, min } from './extremum.ts';
import { gset } from './grow-set.ts';
import { lwwmap } from './lww-map.ts';
import { lww } from './lww-register.ts';
import { mv } from './mv-register.ts';
import { ormap } from './or-map.ts';
import { orset } from './or-set.ts';
import { type CrdtTypeName, isCrdtTypeName } from './type-names.ts';

/** Every slot is a record below this prefix [P-16.1]. */
export const CRDT_PREFIX = 'crdt/';

/** What stands in a slot's key. */
export interface CrdtKey {
  readonly type: CrdtTypeName;
  readonly name: string;
}

// States differ by type; whoever takes a type from here treats its states as opaque.
const TYPES: Readonly<Record<CrdtTypeName, unknown>> = {
  gcounter,
  pncounter,
  max,
  min,
  lww,
  lwwmap,
  mv,
  gset,
  orset,
  ormap,
};

/** A state of some type, which only that type looks into. */
export type OpaqueState = { readonly opaque: unique symbol };

export function crdtType(name: CrdtTypeName): CrdtType<OpaqueState> {
  return TYPES[name] as CrdtType<OpaqueState>;
}

export function isCrdtKey(key: string): boolean {
  return key.startsWith(CRDT_PREFIX);
}

/** `crdt/<type>/<name>` */
export function crdtKeyOf({ type, name }: CrdtKey): string {
  return `${CRDT_PREFIX}${type}/${name}`;
}

/** undefined: no slot of a type that this version knows. */
export function parseCrdtKey(key: string): CrdtKey | undefined {
  const [, type, name] = /^crdt\/([^/]+)\/(.+)$/s.exec(key) ?? [];
  return type === undefined || name === undefined || !isCrdtTypeName(type) ? undefined : { type, name };
}

/** What is wrong with a name for shared data; undefined: nothing. */
export function problemOfCrdtName(name: string): string | undefined {
  if (name === '' || name.endsWith('/')) return 'expected a name such as energy/total';
  // Any type's key has room for it, so that a name means one thing.
  return problemOfKey(crdtKeyOf({ type: 'pncounter', name }));
}
