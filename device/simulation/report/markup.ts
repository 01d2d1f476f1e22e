/** HTML or SVG that is safe to be put into a page: every text in it is escaped. */
export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | undefined;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Elements of HTML without an end. */
const VOID: ReadonlySet<string> = new Set(['meta', 'br', 'hr', 'col']);

/** One element. Text among the children is escaped; `undefined`, and attributes that are `undefined` or false, are left out. */
export function element(name: string, attributes: Attributes, ...children: readonly Child[]): Markup {
  const words = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([key, value]) => (value === true ? ` ${key}` : ` ${key}="${escaped(String(value))}"`));
  const open = `<${name}${words.join('')}>`;
  return { markup: VOID.has(name) ? open : `${open}${together(...children).markup}</${name}>` };
}

/** Children after one another. */
export function together(...children: readonly Child[]): Markup {
  return { markup: children.map(markupOf).join('') };
}

function markupOf(child: Child): string {
  if (child === undefined) return '';
  return typeof child === 'object' ? child.markup : escaped(String(child));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ESCAPES[letter]);
}
