import { KEY_BYTES_MAX } from '#runtime/core/limits.ts';

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._~:@-]*$/;

/** First segments that belong to the engine's own records: no source may write below them. */
const RESERVED_HEADS: ReadonlySet<string> = new Set(['node', 'accuse', 'sys']);

/**
 * Says what is wrong with a reading's key, or undefined if it may be gossiped. Keys become MQTT topics and URL paths, so
 * they are 1 to 128 characters of ASCII letters, digits and `. _ ~ : @ -` in segments split by `/`, none of them empty.
 */
export function keyFault(key: string): string | undefined {
  if (key.length === 0 || key.length > KEY_BYTES_MAX) return `a key of 1 to ${KEY_BYTES_MAX} characters`;
  const segments = key.split('/');
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    return 'segments of letters, digits and . _ ~ : @ - split by single slashes';
  }
  if (RESERVED_HEADS.has(segments[0] ?? '')) {
    return `a key outside the reserved ${[...RESERVED_HEADS].join(', ')}`;
  }
  return undefined;
}
