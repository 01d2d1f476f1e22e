/** Up to this long a text is looked for among those read before. */
const KEPT_BYTES_MAX = 48;
/** A power of two. */
const KEPT_MAX = 2_048;
/** Characters that one call makes a text of. */
const CHUNK = 512;

/** Texts by the low bits of their bytes' hash; a newer one takes the place of an older. */
const kept: (string | undefined)[] = new Array<string | undefined>(KEPT_MAX).fill(undefined);

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads text that must be UTF-8. Keys and units come again in every datagram: finding the text that was made last time is several
 * times faster than making it, and all that is kept under it shares one string.
 */
export function readText(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | { readonly refusal: string } {
  let hash = end - start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte >= 0x80) return readUtf8(bytes, start, end);
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (end - start > KEPT_BYTES_MAX) return ascii(bytes, start, end);
  const slot = (hash ^ (hash >>> 15)) & (KEPT_MAX - 1);
  const known = kept[slot];
  if (known !== undefined && isAscii(known, bytes, start, end)) return known;
  const text = ascii(bytes, start, end);
  kept[slot] = text;
  return text;
}

function isAscii(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= CHUNK) return charsOf(bytes, start, end);
  let text = '';
  for (let at = start; at < end; at += CHUNK) text += charsOf(bytes, at, Math.min(end, at + CHUNK));
  return text;
}

function charsOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

/**
 * Well-formed UTF-8 (RFC 3629 section 4): no overlong forms, no surrogates, nothing above U+10FFFF. A byte order mark in front
 * is refused too, because text decoders may strip it, and then two different texts look the same.
 */
function readUtf8(bytes: Uint8Array, start: number, end: number): string | { readonly refusal: string } {
  if (end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf)
    return { refusal: 'text begins with a byte order mark' };
  let at = start;
  while (at < end) {
    const width = utf8Width(bytes, at, end);
    if (width === 0) return { refusal: 'text is not UTF-8' };
    at += width;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Bytes of the character at `at`, or 0 where it isn't one. */
function utf8Width(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const width = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + width > end) return 0;
  for (let i = 1; i < width; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1];
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return width;
}
