/**
 * The one encoding that a decoded thing has by the rules of signed objects [P-11.1], by plain means of its own: shortest heads,
 * and what is read in the order in which it stands. Floats have none there.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const out: number[] = [];
  write(value, out);
  return Uint8Array.from(out);
}

function write(value: unknown, out: number[]): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const integer = BigInt(value);
    if (integer >= 0n) head(out, 0, integer);
    else head(out, 1, -1n - integer);
  } else if (value instanceof Uint8Array) {
    head(out, 2, BigInt(value.length));
    for (const byte of value) out.push(byte);
  } else if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    head(out, 3, BigInt(bytes.length));
    for (const byte of bytes) out.push(byte);
  } else if (Array.isArray(value)) {
    head(out, 4, BigInt(value.length));
    for (const item of value) write(item, out);
  } else if (value instanceof Map) {
    head(out, 5, BigInt(value.size));
    for (const [key, item] of value) {
      write(key, out);
      write(item, out);
    }
  } else out.push(value === false ? 0xf4 : value === true ? 0xf5 : 0xf6);
}

function head(out: number[], major: number, argument: bigint): void {
  const width =
    argument < 24n ? 0 : argument < 0x100n ? 1 : argument < 0x1_0000n ? 2 : argument < 0x1_0000_0000n ? 4 : 8;
  if (width === 0) out.push((major << 5) | Number(argument));
  else out.push((major << 5) | (24 + Math.log2(width)));
  for (let i = width - 1; i >= 0; i--) out.push(Number((argument >> BigInt(8 * i)) & 0xffn));
}
