/** The types of shared data, in the order of their section in the specification. */
export const CRDT_TYPE_NAMES = [
  'gcounter',
  'pncounter',
  'max',
  'min',
  'lww',
  'lwwmap',
  'mv',
  'gset',
  'orset',
  'ormap',
] as const;

export type CrdtTypeName = (typeof CRDT_TYPE_NAMES)[number];

export function isCrdtTypeName(text: string): text is CrdtTypeName {
  return (CRDT_TYPE_NAMES as readonly string[]).includes(text);
}
