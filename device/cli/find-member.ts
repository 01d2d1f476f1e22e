import { nearest } from '../config/nearest.ts';
import type { MemberJson } from './documents.ts';
import { shortId } from './format.ts';
import { CliError } from './io.ts';
import { plain } from './output.ts';

const LISTED_MAX = 4;

/**
 * The member that a person means: by its id, its name, or the first digits of its id, in this order.
 * @throws CliError that says who else there is, where none or more than one is meant.
 */
export function findMember(members: readonly MemberJson[], text: string): MemberJson {
  const wanted = text.toLowerCase();
  const byId = members.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const byName = members.filter(({ name }) => name === text);
  const found = byName.length > 0 ? byName : byPrefix(members, wanted);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only !== undefined) {
    const what = byName.length > 0 ? 'have this name' : 'have an id that begins so';
    throw new CliError(
      `${plain(text)}: ${found.length} members ${what}: ${listed(found)}; give more of the id`,
    );
  }
  const near = nearest(
    text,
    members.map(({ name }) => name),
  );
  const hint = near === undefined ? '' : ` (did you mean ${plain(near)}?)`;
  throw new CliError(`no member ${plain(text)}${hint}; expected a name or an id, see: gridvine members`);
}

function byPrefix(members: readonly MemberJson[], prefix: string): MemberJson[] {
  return /^[0-9a-f]{1,32}$/.test(prefix) ? members.filter(({ id }) => id.startsWith(prefix)) : [];
}

function listed(members: readonly MemberJson[]): string {
  const texts = members
    .slice(0, LISTED_MAX)
    .map(({ id, name, state }) => `${shortId(id)} (${plain(name)}, ${state})`);
  const more = members.length - LISTED_MAX;
  return more > 0 ? `${texts.join(', ')} and ${more} more` : texts.join(', ');
}
