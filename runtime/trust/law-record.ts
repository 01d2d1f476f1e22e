import type { NodeId } from '../core/ids.ts';

/** Under which whoever holds the root's word tells it to others: `sys/law/<name>`, the signed object as it is. */
export const LAW_PREFIX = 'sys/law/';

/** Under which a registrar issues: `sys/issued/<id of the node>`, a chain that the node takes for its own. */
export const ISSUED_PREFIX = 'sys/issued/';

export function issuedKey(node: NodeId): string {
  return `${ISSUED_PREFIX}${node}`;
}

/** @param name of an object, as `FleetLaw` gives it. */
export function lawKey(name: string): string {
  return `${LAW_PREFIX}${name}`;
}
