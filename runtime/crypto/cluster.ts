import { CLUSTER_NAME_BYTES_MAX } from '../core/limits.ts';
import type { CryptoProvider } from './provider.ts';

const encoder = new TextEncoder();
const CONTROL = /\p{Cc}/u;

/**
 * Checks a cluster's name: 1 to 64 bytes of UTF-8 [P-2.1]; control characters are refused because a refusal shows the name to
 * people as it came.
 * @returns what is wrong with it (`expected 1 to 64 bytes of UTF-8; got 80`), or undefined.
 */
export function problemOfClusterName(name: string): string | undefined {
  if (!name.isWellFormed()) return 'expected well-formed Unicode; got a lone surrogate';
  if (CONTROL.test(name)) return 'expected no control characters; got one';
  const { length } = encoder.encode(name);
  if (length >= 1 && length <= CLUSTER_NAME_BYTES_MAX) return undefined;
  return `expected 1 to ${CLUSTER_NAME_BYTES_MAX} bytes of UTF-8; got ${length}`;
}

/** The 4 bytes that stand for a cluster in each datagram [P-2.3]. The name has been checked by `problemOfClusterName`. */
export function clusterTag(provider: CryptoProvider, name: string): Uint8Array {
  return provider.sha256(encoder.encode(`gridvine/1 cluster ${name}`)).slice(0, 4);
}
