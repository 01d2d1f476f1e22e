import type { Command } from 'commander';
import type { CliIo } from './io.ts';

/** Makes a command, with its options, arguments and action. */
export type CommandFactory = (io: CliIo) => Command;

/** One row of `gridvine help`. The module is loaded only when the command is asked for: a client starts fast. */
export interface CommandEntry {
  readonly name: string;
  /** Arguments as shown in the list of commands. */
  readonly usage?: string;
  readonly summary: string;
  /** Not shown in the list of commands. */
  readonly hidden?: boolean;
  load(): Promise<CommandFactory>;
}

/** Every command, in the order of `gridvine help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'a small micro-grid on this machine, live on the terminal',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    name: 'run',
    summary: 'run the daemon',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'keygen',
    summary: 'print a new cluster key: 32 random bytes, base64',
    load: async () => (await import('./commands/keygen.ts')).keygenCommand,
  },
  {
    name: 'ca',
    summary: 'certificates: init, issue, revoke, policy, roster, rotate, show, publish',
    load: async () => (await import('./commands/ca.ts')).caCommand,
  },
  {
    name: 'identity',
    summary: "this board's identity: show, request a certificate, install it",
    load: async () => (await import('./commands/identity.ts')).identityCommand,
  },
  {
    name: 'status',
    summary: 'this node: members, traffic, health',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'members',
    summary: 'all members and their state',
    load: async () => (await import('./commands/members.ts')).membersCommand,
  },
  {
    name: 'why',
    usage: '<node>',
    summary: "the evidence behind a member's state",
    load: async () => (await import('./commands/why.ts')).whyCommand,
  },
  {
    name: 'forget',
    usage: '<node>',
    summary: 'forget a member that is down or has left, on all nodes',
    load: async () => (await import('./commands/forget.ts')).forgetCommand,
  },
  {
    name: 'get',
    usage: '[key]',
    summary: 'read records: all, one KEY, or all below PREFIX/',
    load: async () => (await import('./commands/get.ts')).getCommand,
  },
  {
    name: 'put',
    usage: '<key> <value>',
    summary: "write one of this node's records",
    load: async () => (await import('./commands/put.ts')).putCommand,
  },
  {
    name: 'delete',
    usage: '<key>',
    summary: "delete one of this node's records",
    load: async () => (await import('./commands/delete.ts')).deleteCommand,
  },
  {
    name: 'watch',
    usage: '[prefix]',
    summary: 'follow changes of records as they arrive',
    load: async () => (await import('./commands/watch.ts')).watchCommand,
  },
  {
    name: 'event',
    summary: 'user events: send one to all members, watch them',
    load: async () => (await import('./commands/event.ts')).eventCommand,
  },
  {
    name: 'query',
    usage: '<name> [payload]',
    summary: 'ask nodes, and see their answers as they come',
    load: async () => (await import('./commands/query.ts')).queryCommand,
  },
  {
    name: 'reach',
    summary: 'ask all members whom they see: who is not reached, and by whom',
    load: async () => (await import('./commands/reach.ts')).reachCommand,
  },
  {
    name: 'crdt',
    summary: 'shared counters, registers, sets and maps: list, get, inc, dec, set, add, remove',
    load: async () => (await import('./commands/crdt.ts')).crdtCommand,
  },
  {
    name: 'aggregate',
    usage: '<function> <key>',
    summary: "one number of a key's values on many nodes, or why there is none",
    load: async () => (await import('./commands/aggregate.ts')).aggregateCommand,
  },
  {
    name: 'lease',
    summary: 'who may act: list, show, acquire, release, run a command while it is held',
    load: async () => (await import('./commands/lease.ts')).leaseCommand,
  },
  {
    name: 'keys',
    summary: "the cluster's keys: list, install, use, remove",
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  {
    name: 'fleet',
    summary: 'settings once for all boards: set, show, status, promote, rollback',
    load: async () => (await import('./commands/fleet.ts')).fleetCommand,
  },
  {
    name: 'trust',
    summary: 'what this node lives by in a cluster of certificates: epoch, who is in, who is out',
    load: async () => (await import('./commands/trust.ts')).trustCommand,
  },
  {
    name: 'profile',
    summary: 'board profiles: detect, list, show, validate',
    load: async () => (await import('./commands/profile.ts')).profileCommand,
  },
  {
    name: 'source',
    summary: 'sensor sources: list, test, sniff',
    load: async () => (await import('./commands/source.ts')).sourceCommand,
  },
  {
    name: 'vedirect',
    usage: '<address>',
    summary: 'listen to a Victron device, without the daemon',
    load: async () => (await import('./commands/vedirect.ts')).vedirectCommand,
  },
  {
    name: 'modbus',
    summary: 'devices on a Modbus bus, without the daemon: read, scan',
    load: async () => (await import('./commands/modbus.ts')).modbusCommand,
  },
  {
    name: 'sunspec',
    summary: 'what a SunSpec device says, without the daemon: dump',
    load: async () => (await import('./commands/sunspec.ts')).sunspecCommand,
  },
  {
    name: 'simulate',
    summary: 'run the engine in a simulated network',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
  {
    name: 'config',
    summary: 'configuration: check, show',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'conformance',
    summary: 'try a live peer of any make against the protocol specification',
    load: async () => (await import('./commands/conformance.ts')).conformanceCommand,
  },
  {
    name: 'leave',
    summary: 'say goodbye to the cluster and stop the daemon',
    load: async () => (await import('./commands/leave.ts')).leaveCommand,
  },
  {
    name: 'rekey',
    summary: 'give this board a new identity, while its daemon is stopped',
    load: async () => (await import('./commands/rekey.ts')).rekeyCommand,
  },
  {
    name: 'reset',
    summary: 'wipe what this stopped node keeps: identity, keys, records',
    load: async () => (await import('./commands/reset.ts')).resetCommand,
  },
  {
    name: 'version',
    summary: 'version, commit and target of this program',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  {
    name: 'completion',
    usage: '<shell>',
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
  {
    name: 'internal-inventory',
    summary: "print this machine's inventory as JSON (used by the system source)",
    hidden: true,
    load: async () => (await import('./commands/internal-inventory.ts')).internalInventoryCommand,
  },
];
