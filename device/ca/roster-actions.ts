import type { NodeId } from '#runtime/core/ids.ts';
import { VOTERS_MAX } from '#runtime/core/limits.ts';
import type { Roster } from '#runtime/core/roster.ts';
import type { Identity } from '#runtime/crypto/identity.ts';
import type { Certificate } from '#runtime/pki/certificate.ts';
import { hasRight } from '#runtime/pki/policy.ts';
import { signRoster } from '#runtime/pki/signed-roster.ts';
import { type CaWorld, checkRootIsValid, presentPolicy } from './ca-actions.ts';
import type { CaDirectory } from './ca-directory.ts';
import { caError } from './ca-error.ts';
import { toBase64 } from './ca-index.ts';
import { type CaState, certificateState } from './ca-state.ts';

const STANDING: ReadonlySet<string> = new Set(['valid', 'ends-soon', 'not-yet-valid']);

/** What the person at the CA knows, and the CA can't. */
export interface RosterKnowledge {
  /** Most voters follow the present roster, and have for a minute: a roster further on is safe. */
  readonly settled?: boolean;
  /** The present roster was brought to no board. */
  readonly instead?: boolean;
}

/**
 * The roster of these voters that follows the present one: with a higher version, and the present voters as those before. The same
 * voters again need no majority of others any more.
 * @param words names or ids of boards with a certificate that stands and a vote by the policy.
 * @throws GridvineError `E_CA` for anything else, and where the present roster may not have settled: voters that never followed it couldn't
 * know what was promised before, and would all stop.
 */
export function nextRoster(
  state: CaState,
  { words, settled = false, instead = false }: RosterKnowledge & { readonly words: readonly string[] },
  nowSeconds: number,
): Roster {
  const ids = words.map((word) => voterOf(state, word, nowSeconds));
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice >= 0) throw caError(`${words[twice]}: expected each voter once; got ${ids[twice]} again`);
  if (ids.length > VOTERS_MAX) throw caError(`expected at most ${VOTERS_MAX} voters; got ${ids.length}`);
  const present = state.roster?.roster;
  const voters = ids.sort();
  if (present === undefined) return { version: 1, voters, previous: [] };
  const version = present.version + 1;
  if (instead) return { version, voters, previous: present.previous };
  if (present.previous.length > 0 && !settled)
    throw caError(
      `version ${present.version} may not have settled: wait until gridvine lease list says nothing of the roster before on all its voters, then say --settled; or --instead, where it was brought to no board`,
    );
  const isSame = present.voters.join() === voters.join();
  return { version, voters, previous: isSame ? [] : present.voters };
}

/** Signs who votes on leases. @throws GridvineError `E_CA` where the root doesn't count any more. */
export function setRoster(
  { provider, nowSeconds }: CaWorld,
  { directory, root }: { readonly directory: CaDirectory; readonly root: Identity },
  roster: Roster,
): void {
  const { state } = directory;
  checkRootIsValid(state, nowSeconds);
  const object = signRoster(provider, root, { cluster: state.cluster, issuedAt: nowSeconds, roster });
  directory.append({ type: 'roster', object: toBase64(object) });
}

function voterOf(state: CaState, word: string, nowSeconds: number): NodeId {
  const lower = word.toLowerCase();
  const named = state.certificates.filter(({ id, name }) => name === word || id === lower);
  if (named.length === 0)
    throw caError(
      `${JSON.stringify(word)}: no certificate of this name or id was issued; see: gridvine ca show`,
    );
  const standing = named.filter((one) => STANDING.has(certificateState(state, one, nowSeconds)));
  const ids = [...new Set(standing.map(({ id }) => id))];
  const [id, ...others] = ids;
  if (id === undefined)
    throw caError(`${JSON.stringify(word)}: it has no certificate that counts; see: gridvine ca show`);
  if (others.length > 0)
    throw caError(
      `${JSON.stringify(word)}: ${ids.length} boards have this name; say which by its id: ${ids.join(', ')}`,
    );
  checkMayVote(state, word, newestOf(standing));
  return id;
}

/** Else the roster would count on votes that nobody takes. */
function checkMayVote(state: CaState, word: string, { groups }: Certificate): void {
  const { rights } = presentPolicy(state);
  if (hasRight({ rights }, groups, 'vote')) return;
  const who = rights.vote === 'everybody' || rights.vote.length === 0 ? 'nobody' : rights.vote.join(', ');
  throw caError(
    `${JSON.stringify(word)}: the policy gives a vote to ${who}, and its certificate names ${groups.join(', ') || 'no group'}. Certify it anew, or change the policy: gridvine ca policy --right vote=GROUP`,
  );
}

function newestOf(certificates: readonly Certificate[]): Certificate {
  return certificates.reduce((newest, one) => (one.issuedAt >= newest.issuedAt ? one : newest));
}
