import { SIGNED_KINDS, type SignedKind } from './cose-sign1.ts';

/** A signed object as text that survives mail and paste [P-11.12]: base64 between lines that say what it is. */
export interface ArmoredObject {
  readonly kind: SignedKind;
  readonly bytes: Uint8Array;
}

const LINE_CHARS = 64;
const TEXT_CHARS_MAX = 4_000_000;

/** One block, with a line end after it. */
export function armor({ kind, bytes }: ArmoredObject): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  const lines = base64.match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return `${[`-----BEGIN ${labelOf(kind)}-----`, ...lines, `-----END ${labelOf(kind)}-----`].join('\n')}\n`;
}

/**
 * All blocks of a text, in order; text around them is passed over.
 * @returns what is wrong (`line 7: ...`), or the objects: none where the text holds none.
 */
export function dearmor(
  text: string,
): { readonly objects: readonly ArmoredObject[] } | { readonly problem: string } {
  if (text.length > TEXT_CHARS_MAX)
    return { problem: `expected at most ${TEXT_CHARS_MAX} characters; got ${text.length}` };
  const objects: ArmoredObject[] = [];
  let open: { readonly kind: SignedKind; readonly line: number; base64: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const begins = /^-----BEGIN (GRIDVINE [A-Z]+)-----$/.exec(line);
    const ends = /^-----END (GRIDVINE [A-Z]+)-----$/.exec(line);
    if (begins !== null) {
      const kind = kindOf(begins[1]);
      if (open !== undefined) return { problem: `line ${open.line}: the block has no END line` };
      if (kind === undefined)
        return { problem: `line ${index + 1}: expected a kind of gridvine's; got ${begins[1]}` };
      open = { kind, line: index + 1, base64: '' };
    } else if (ends !== null) {
      if (open === undefined || kindOf(ends[1]) !== open.kind)
        return { problem: `line ${index + 1}: an END line without its BEGIN` };
      const bytes = bytesOf(open.base64);
      if (bytes === undefined) return { problem: `line ${open.line}: expected base64 up to its END line` };
      objects.push({ kind: open.kind, bytes });
      open = undefined;
    } else if (open !== undefined) {
      open.base64 += line;
    }
  }
  return open === undefined
    ? { objects }
    : { problem: `line ${open.line}: the block has no END line; it was cut` };
}

function labelOf(kind: SignedKind): string {
  return `GRIDVINE ${kind.toUpperCase()}`;
}

function kindOf(label: string | undefined): SignedKind | undefined {
  return SIGNED_KINDS.find((kind) => labelOf(kind) === label);
}

function bytesOf(base64: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0 || base64 === '') return undefined;
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
