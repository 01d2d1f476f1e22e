import * as os from 'node:os';
import { resolve } from 'node:path';
import { builtinCatalog, type ProfileCatalog } from '#profiles/catalog.ts';
import type { BoardFacts } from '#profiles/facts.ts';
import type { InterfaceDecision, InterfaceOverrides } from '#profiles/interface-decision.ts';
import { chooseInterfaces } from '#profiles/interfaces.ts';
import { type MatchCandidate, type MatchResult, matchProfile } from '#profiles/match.ts';
import type { BoardNotice, BoardProfile } from '#profiles/profile.ts';
import { readBoardFacts } from './board-facts.ts';
import { type BoardIdentity, readBoardIdentity } from './board-identity.ts';
import { type NetworkInterfaces, readInterfaceFacts } from './interface-facts.ts';
import { type BoardReader, createBoardReader } from './reader.ts';

export interface DetectBoardOptions {
  /** Where the board's files are; default `/`, this machine. */
  readonly sysroot?: string;
  /** Id of a profile that wins over detection. */
  readonly profileOverride?: string;
  /** Which interfaces to use, in a person's words. */
  readonly interfaces?: InterfaceOverrides;
  /** Default: the profiles that come with the program. */
  readonly catalog?: ProfileCatalog;
  /** Default: this program's architecture. */
  readonly arch?: string;
  /** Default: the files below `sysroot`. */
  readonly reader?: BoardReader;
  /** Default: `os.networkInterfaces`; for a `sysroot` other than `/`, null: the addresses aren't known. */
  readonly networkInterfaces?: NetworkInterfaces | null;
}

/** What is known about the board, and what follows from it. */
export interface DetectedBoard {
  readonly facts: BoardFacts;
  readonly identity: BoardIdentity;
  readonly profile: BoardProfile;
  readonly by: MatchResult['by'];
  /** Why this profile, for people. */
  readonly reasons: readonly string[];
  readonly candidates: readonly MatchCandidate[];
  /** Every interface; those to use first, the preferred one at the head. */
  readonly interfaces: readonly InterfaceDecision[];
  /** Lasting conditions, for health. */
  readonly notices: readonly BoardNotice[];
}

/**
 * Reads the board's facts, matches a profile and decides about each interface. Reads some ten small files and ten more
 * an interface, without a child process; call it again (or {@link detectInterfaces}) when the network may have changed.
 * @throws GridvineError `E_CONFIG` only for a `profileOverride` that isn't known, listing the known ones
 */
export function detectBoard(options: DetectBoardOptions = {}): DetectedBoard {
  const reader = options.reader ?? createBoardReader(options.sysroot ?? '/');
  const facts = readBoardFacts(reader, options.arch ?? os.arch());
  const match = matchProfile(facts, options.catalog ?? builtinCatalog(), {
    ...(options.profileOverride === undefined ? {} : { override: options.profileOverride }),
  });
  const network = detectInterfaces(match.profile, { ...options, reader });
  return {
    facts,
    identity: readBoardIdentity(reader),
    profile: match.profile,
    by: match.by,
    reasons: match.reasons,
    candidates: match.candidates,
    interfaces: network.interfaces,
    notices: [...match.notices, ...network.notices],
  };
}

/** The part of {@link detectBoard} that changes while running: the interfaces, decided anew. Never throws. */
export function detectInterfaces(
  profile: BoardProfile,
  options: DetectBoardOptions = {},
): Pick<DetectedBoard, 'interfaces' | 'notices'> {
  const sysroot = options.sysroot ?? '/';
  const reader = options.reader ?? createBoardReader(sysroot);
  const live = resolve(sysroot) === '/' ? os.networkInterfaces : null;
  const source = options.networkInterfaces === undefined ? live : options.networkInterfaces;
  const { interfaces: facts, fault } = readInterfaceFacts(reader, source);
  const { interfaces, notices } = chooseInterfaces(facts, profile, options.interfaces);
  return { interfaces, notices: fault === null ? notices : [...notices, unreadable(fault)] };
}

function unreadable(fault: string): BoardNotice {
  return {
    code: 'interfaces-unreadable',
    severity: 'error',
    title: "the interfaces' addresses cannot be read",
    text: `expected the system to list them; got ${fault.slice(0, 200)}. Allow the service netlink sockets, or give addresses with --bind.`,
  };
}
