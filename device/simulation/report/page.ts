import { type Child, element, type Markup } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';

/** A part of a page, with a heading and an entry in the list of contents. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly content: readonly Child[];
}

export interface PageSpec {
  readonly title: string;
  /** What comes before the contents. */
  readonly lead: readonly Child[];
  readonly sections: readonly Section[];
}

/** Nothing is fetched and nothing runs: the page is what it is, from a disk as from a server. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** A whole page, as the text of one HTML file that needs no other. */
export function page({ title, lead, sections }: PageSpec): string {
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    element('title', {}, title),
    element('style', {}, style()),
  );
  const contents = sections.map(({ id, heading }) =>
    element('li', {}, element('a', { href: `#${id}` }, heading)),
  );
  const body = element(
    'body',
    {},
    element('header', {}, element('h1', {}, title), ...lead),
    element('nav', { 'aria-label': 'Contents' }, element('ul', {}, ...contents)),
    element('main', {}, ...sections.map(sectionOf)),
  );
  return `<!doctype html>\n${element('html', { lang: 'en' }, head, '\n', body).markup}\n`;
}

/** The style has no user's text in it, and must not be escaped. */
function style(): Markup {
  return { markup: PAGE_STYLE };
}

function sectionOf({ id, heading, content }: Section): Markup {
  return element(
    'section',
    { 'aria-labelledby': id },
    element('h2', { id }, heading),
    ...content.flatMap((part): Child[] => [part, '\n']),
  );
}
