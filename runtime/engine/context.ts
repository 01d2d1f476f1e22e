import type { Counters } from '../core/counters.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { Path } from '../core/outputs.ts';
import type { RandomSource } from '../core/random.ts';
import type { TimerTable } from '../core/timers.ts';
import type { OwnerClocks } from '../data/owner-clocks.ts';
import type { RecordTable } from '../data/record-table.ts';
import type { LocalHealth } from '../membership/local-health.ts';
import type { MemberTable } from '../membership/member-table.ts';
import type { Prober } from '../membership/prober.ts';
import type { Watch } from '../membership/watch.ts';
import type { Session } from '../wire/session.ts';
import type { Accuser } from './accuser.ts';
import type { BootFollower } from './boot-follower.ts';
import type { ByteBudgets } from './byte-budget.ts';
import type { Link } from './contract.ts';
import type { EventDesk } from './event-desk.ts';
import type { Forgetter } from './forgetter.ts';
import type { HelpBudget } from './help-budget.ts';
import type { Joiner } from './joiner.ts';
import type { KeyKeeper } from './key-keeper.ts';
import type { KeySwitch } from './key-switch.ts';
import type { LeaseDesk } from './lease-desk.ts';
import type { Leaver } from './leaver.ts';
import type { LifeSigns } from './life-signs.ts';
import type { Outbox } from './outbox.ts';
import type { OwnRecords } from './own-records.ts';
import type { Pending } from './pending.ts';
import type { PresenceSpeaker } from './presence-speaker.ts';
import type { QueryDesk } from './query-desk.ts';
import type { RelayKeeper } from './relay-keeper.ts';
import type { SecondLook } from './second-look.ts';
import type { SelfRecord } from './self-record.ts';
import type { EngineSettings } from './settings.ts';
import type { Spreader } from './spreader.ts';
import type { Synchroniser } from './synchroniser.ts';
import type { TwinWatch } from './twin-watch.ts';
import type { ValueCourier } from './value-courier.ts';
import type { Warden } from './warden.ts';

/** The machines of one engine, as they see one another. */
export interface EngineContext {
  readonly id: NodeId;
  readonly settings: EngineSettings;
  readonly counters: Counters;
  readonly random: RandomSource;
  readonly timers: TimerTable;
  readonly outbox: Outbox;
  readonly pending: Pending;
  readonly table: RecordTable;
  readonly own: OwnRecords;
  readonly self: SelfRecord;
  readonly members: MemberTable;
  readonly health: LocalHealth;
  readonly prober: Prober;
  readonly watch: Watch;
  readonly accuser: Accuser;
  readonly twins: TwinWatch;
  readonly follower: BootFollower;
  readonly forgetter: Forgetter;
  readonly spreader: Spreader;
  readonly sync: Synchroniser;
  readonly values: ValueCourier;
  readonly secondLook: SecondLook;
  readonly presence: PresenceSpeaker;
  readonly joiner: Joiner;
  readonly leaver: Leaver;
  readonly keys: KeyKeeper;
  readonly keySwitch: KeySwitch;
  /** Keeps the gate of a cluster of certificates; undefined in one of a pre-shared key. */
  readonly warden: Warden | undefined;
  readonly leases: LeaseDesk;
  readonly events: EventDesk;
  readonly queries: QueryDesk;
  readonly relays: RelayKeeper;
  readonly budgets: ByteBudgets;
  readonly life: LifeSigns;
  readonly clocks: OwnerClocks;
  /** What is done for others, at most. */
  readonly helpBudget: HelpBudget;
  /** Whether a session of this peer was proven fresh. */
  readonly isProven: (peer: NodeId) => boolean;
  /** The transports by which this node can call others. */
  readonly dials: readonly Endpoint['transport'][];
  /** Where a peer has shown that it receives what is sent to it: at `wanted` if it can be, else where it did so last. */
  readonly provenPlace: (peer: NodeId, wanted: Endpoint | null) => Endpoint | undefined;
  endpoints: readonly Endpoint[];
  links: readonly Link[];
}

/** Who said something, and how it came. */
export interface Inbound {
  readonly nowMs: number;
  readonly path: Path;
  readonly sender: NodeId;
  readonly boot: number;
  readonly session: Session;
  readonly sealedToAny: boolean;
  readonly bytes: number;
  /** Whether something in this datagram proved that its sender lives, where that is demanded [P-6.22]. */
  lives: boolean;
}

/** The endpoint that a datagram came from: where answers go. */
export function replyEndpoint(path: Path): Endpoint {
  return { transport: path.transport, address: path.address, port: path.port };
}
