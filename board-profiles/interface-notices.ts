import type { InterfaceDecision, InterfaceOverrides } from './interface-decision.ts';
import { nameFits, wantedNames } from './name-list.ts';
import type { BoardNotice } from './profile.ts';

/** The conditions to show while these decisions stand. */
export function interfaceNotices(
  decisions: readonly InterfaceDecision[],
  overrides: InterfaceOverrides,
): BoardNotice[] {
  const notices: BoardNotice[] = [];
  const missing = (overrides.only ?? []).filter((want) => !decisions.some((d) => nameFits([want], d.name)));
  if (missing.length > 0) {
    notices.push({
      code: 'interface-not-found',
      severity: 'warning',
      title: 'a named interface is not there',
      text: `expected an interface ${wantedNames(missing)}; got ${wantedNames(decisions.map((d) => d.name)) || 'none'}. Correct the name, or plug the adapter in.`,
    });
  }
  const used = decisions.filter((d) => d.use);
  if (used.length === 0) {
    const seen = decisions.slice(0, 8).map((d) => `${d.name}: ${d.why}`);
    notices.push({
      code: 'no-usable-interface',
      severity: 'error',
      title: 'no usable network interface',
      text: `expected one that is up and has an address; got ${seen.join('; ') || 'none at all'}. Connect one, or name one with --interface.`,
    });
  } else if (used.every((d) => d.kind === 'loopback') && overrides.only === undefined) {
    notices.push({
      code: 'loopback-only',
      severity: 'warning',
      title: 'only this machine can be reached',
      text: 'expected an interface with a link and an address; got loopback alone. Connect a network.',
    });
  }
  return notices;
}
