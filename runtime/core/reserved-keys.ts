const SECRET_PREFIX = 'sys/';

/** Records that are the node's own business: applications don't write them, nor see them unless they name them. */
export function isReservedKey(key: string): boolean {
  return key === 'node' || key.startsWith('accuse/') || isSecretKey(key);
}

/**
 * Records that never leave the engine but sealed, to peers: no view, event, API, bridge, bundle or log shows them, whoever names
 * them. Keys of the cluster are among them.
 */
export function isSecretKey(key: string): boolean {
  return key.startsWith(SECRET_PREFIX);
}
