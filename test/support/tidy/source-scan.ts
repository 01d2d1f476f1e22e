/** One import or re-export of a source file. */
export type ImportLine = {
  readonly specifier: string;
  /** `import type` and `export type`: gone at run time. */
  readonly typeOnly: boolean;
  /** `import('...')`: loaded when the code gets there, and not before the file itself. */
  readonly lazy: boolean;
  /** Line in the file, from 1. */
  readonly line: number;
};

/** A source file as the rules see it. */
export type ScannedFile = {
  /** Path from the root of the tree, with `/`. */
  readonly path: string;
  /** The text with comments and the insides of strings, templates and regular expressions turned into blanks. */
  readonly code: string;
  readonly imports: readonly ImportLine[];
  /** Number of lines. */
  readonly lines: number;
};

const FROM = /\b(?:import|export)(\s+type)?\b[^;'"`()]*?\bfrom\s*(?=['"])/g;
const BARE = /\bimport\s*(?=['"])/g;
const CALL = /\b(?:import|require)\s*\(\s*(?=['"])/g;

/** Reads what the rules need from a TypeScript file. Not a parser: it relies on code that the formatter has seen. */
export function scanSource(path: string, text: string): ScannedFile {
  const { code, strings } = blank(text);
  const found: ImportLine[] = [];
  const add = (match: RegExpExecArray, { typeOnly = false, lazy = false }) => {
    const specifier = strings.get(match.index + match[0].length);
    if (specifier !== undefined) found.push({ specifier, typeOnly, lazy, line: lineOf(text, match.index) });
  };
  for (const match of code.matchAll(FROM)) add(match, { typeOnly: match[1] !== undefined });
  for (const match of code.matchAll(BARE)) add(match, {});
  for (const match of code.matchAll(CALL)) add(match, { lazy: true });
  const lines = text.endsWith('\n') ? text.split('\n').length - 1 : text.split('\n').length;
  return { path, code, imports: found, lines };
}

/** Line number, from 1, of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** A piece that isn't code, at one place of the text. */
type Piece = { readonly end: number; readonly isString: boolean };

/** Blanks what isn't code, offset by offset; `strings` holds the content of quoted strings by their first offset. */
function blank(text: string): { code: string; strings: ReadonlyMap<number, string> } {
  const strings = new Map<number, string>();
  let code = '';
  let at = 0;
  while (at < text.length) {
    const piece = pieceAt(text, at, code);
    if (piece === undefined) {
      code += text[at];
      at++;
      continue;
    }
    const inner = text.slice(at, piece.end);
    if (piece.isString) strings.set(at, inner.slice(1, -1));
    code += piece.isString ? quoted(inner) : inner.replace(/[^\n]/g, ' ');
    at = piece.end;
  }
  return { code, strings };
}

function quoted(inner: string): string {
  return `${inner[0]}${inner.slice(1, -1).replace(/[^\n]/g, ' ')}${inner.at(-1)}`;
}

function pieceAt(text: string, at: number, before: string): Piece | undefined {
  const char = text[at];
  if (char === "'" || char === '"') return { end: endOfString(text, at), isString: true };
  if (char === '`') return { end: endOfTemplate(text, at), isString: false };
  if (char !== '/') return undefined;
  if (text[at + 1] === '/') return { end: endBefore(text, '\n', at), isString: false };
  if (text[at + 1] === '*') return { end: endBefore(text, '*/', at + 2) + 2, isString: false };
  return startsRegex(before) ? { end: endOfRegex(text, at), isString: false } : undefined;
}

function endBefore(text: string, what: string, from: number): number {
  const end = text.indexOf(what, from);
  return end < 0 ? text.length : end;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start] || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** Templates nest by `${`; code inside is blanked with them, since no rule looks there. */
function endOfTemplate(text: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (depth === 0 && char === '`') return at + 1;
    else if (depth === 0 && char === '$' && text[at + 1] === '{') {
      depth = 1;
      at++;
    } else if (depth > 0 && char === '{') depth++;
    else if (depth > 0 && char === '}') depth--;
    else if (depth > 0 && char === '`') at = endOfTemplate(text, at) - 1;
    else if (depth > 0 && (char === "'" || char === '"')) at = endOfString(text, at) - 1;
  }
  return text.length;
}

/** After a value a slash divides, elsewhere it opens a regular expression. */
function startsRegex(before: string): boolean {
  const tail = before.trimEnd();
  return (
    tail === '' ||
    /[(,=:[!&|?{};+\-*%<>~^]$/.test(tail) ||
    /\b(?:return|typeof|case|in|of|do|else|void)$/.test(tail)
  );
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '\n') return at;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1;
  }
  return text.length;
}
