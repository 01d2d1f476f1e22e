import { type Grant, type PolicyClaims, RIGHTS, type Right } from '#runtime/pki/policy.ts';
import { caError } from './ca-error.ts';

type Rules = Pick<PolicyClaims, 'writes' | 'rights'>;

/** What `ca policy` was asked to change, as typed. */
export interface PolicyChanges {
  /** `PREFIX=GROUPS` */
  readonly write: readonly string[];
  /** `RIGHT=GROUPS` */
  readonly right: readonly string[];
  readonly drop: readonly string[];
}

/** A policy with changes made to it. @throws GridvineError `E_CA` for what can't be understood. */
export function changedPolicy(present: Rules, { write, right, drop }: PolicyChanges): Rules {
  const writes = new Map(Object.entries(present.writes));
  for (const prefix of drop)
    if (!writes.delete(prefix))
      throw caError(`--drop ${prefix}: no rule for this prefix; see: gridvine ca policy`);
  for (const text of write) {
    const [prefix, grant] = ruleOf('--write', text);
    writes.set(prefix, grant);
  }
  const rights = { ...present.rights };
  for (const text of right) {
    const [name, grant] = ruleOf('--right', text);
    if (!RIGHTS.includes(name as Right))
      throw caError(`--right ${text}: expected one of ${RIGHTS.join(', ')}; got ${name}`);
    rights[name as Right] = grant;
  }
  return { writes: Object.fromEntries(writes), rights };
}

/** Keys may hold `=`, groups don't: the last one counts. */
function ruleOf(flag: string, text: string): readonly [string, Grant] {
  const at = text.lastIndexOf('=');
  const groups = text.slice(at + 1).trim();
  if (at < 0 || groups === '')
    throw caError(`${flag} ${text}: expected NAME=GROUPS, with groups by comma, * for everybody, or nobody`);
  const name = text.slice(0, at);
  if (groups === '*') return [name, 'everybody'];
  return [name, groups === 'nobody' ? [] : groups.split(',').map((group) => group.trim())];
}
