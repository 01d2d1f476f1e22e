import { createCounters } from '../core/counters.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { assert } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import { TimerTable } from '../core/timers.ts';
import type { MemberState } from '../core/views.ts';
import { KeySet } from '../crypto/key-set.ts';
import { groupKeyFrom, KEY_BYTES, Keyring } from '../crypto/keyring.ts';
import { OwnerClocks } from '../data/owner-clocks.ts';
import type { TableChange } from '../data/reader-view.ts';
import { OPEN_GUARD } from '../data/record-guard.ts';
import { RecordTable } from '../data/record-table.ts';
import { LocalHealth } from '../membership/local-health.ts';
import type { Member } from '../membership/member.ts';
import { MemberTable } from '../membership/member-table.ts';
import { Prober } from '../membership/prober.ts';
import { Watch } from '../membership/watch.ts';
import type { RecordAuthority } from '../trust/record-authority.ts';
import { Trust } from '../trust/trust.ts';
import { PROTOCOL_VERSION } from '../wire/header.ts';
import { Opener } from '../wire/opener.ts';
import { Accuser } from './accuser.ts';
import { BootFollower } from './boot-follower.ts';
import { createByteBudgets } from './byte-budget.ts';
import type { EngineContext } from './context.ts';
import type { EngineOptions } from './contract.ts';
import { provenPlaceOf } from './echo.ts';
import { EventDesk } from './event-desk.ts';
import { Forgetter } from './forgetter.ts';
import { HelpBudget } from './help-budget.ts';
import { Joiner } from './joiner.ts';
import { KeyKeeper } from './key-keeper.ts';
import { KeySwitch } from './key-switch.ts';
import { LeaseDesk } from './lease-desk.ts';
import { Leaver } from './leaver.ts';
import { LifeSigns } from './life-signs.ts';
import { Outbox } from './outbox.ts';
import { OwnRecords } from './own-records.ts';
import { PeerKeys } from './peer-keys.ts';
import { Pending } from './pending.ts';
import { PresenceSpeaker } from './presence-speaker.ts';
import { ProbeSender } from './probe-sender.ts';
import { QueryDesk } from './query-desk.ts';
import { READERS } from './readers.ts';
import { Refuser } from './refuser.ts';
import { RelayKeeper } from './relay-keeper.ts';
import { SecondLook } from './second-look.ts';
import { SelfRecord } from './self-record.ts';
import { Spreader } from './spreader.ts';
import { Synchroniser } from './synchroniser.ts';
import { TwinWatch } from './twin-watch.ts';
import { ValueCourier } from './value-courier.ts';
import { Warden } from './warden.ts';

const BOTH = ['udp', 'http'] as const;

/** What the machines call back into the engine for. */
export interface Listeners {
  onMemberState(member: Member, from: MemberState | undefined, nowMs: number): void;
  onTableChange(change: TableChange): void;
  onAdmitted(nowMs: number): void;
}

/** The machines of one engine, joined together. */
export interface Composition {
  readonly ctx: EngineContext;
  readonly opener: Opener;
  readonly peerKeys: PeerKeys;
  readonly refuser: Refuser;
  /** Judges certificates; undefined in a cluster of a pre-shared key. */
  readonly authority: RecordAuthority | undefined;
}

/** Makes the machines of an engine and joins them. @throws Error where the options contradict the specification: the caller's bug. */
export function compose(options: EngineOptions, listeners: Listeners): Composition {
  const { provider, cluster, random, id, boot, readers = READERS, dials = BOTH } = options;
  // Its own copy: it is retuned in place.
  const settings = { ...options.settings };
  const trust = options.trust && new Trust(options.trust, { provider, cluster });
  const guard = trust?.authority ?? options.guard ?? OPEN_GUARD;
  const proofs = trust === undefined ? options.proofs : { keys: trust.agreementKeys };
  assert(proofs === undefined || guard.signs, 'proofs of life need owners that sign');
  const keys = options.keys ?? KeySet.ofKeyring(provider, options.keyring ?? unspoken(options));
  const keyring = keys.keyring();
  const opener = new Opener({ provider, cluster, keyring, self: id });
  const onSalt = (salt: Uint8Array) => opener.ownSalt(salt);
  const peerKeys = new PeerKeys({ provider, cluster, keyring, random, onSalt });
  const counters = createCounters();
  const timers = new TimerTable();
  const health = new LocalHealth(settings.localHealthMax);
  const members = new MemberTable(listeners.onMemberState, dials);
  const clocks = new OwnerClocks();
  const table = new RecordTable({
    ages: { clocks, areProven: proofs !== undefined },
    limits: settings,
    sha256: provider.sha256,
    onChange: listeners.onTableChange,
    guard,
    read: readers.record,
  });
  const own = new OwnRecords({
    owner: id,
    boot,
    table,
    settings,
    sha256: provider.sha256,
    nowMs: 0,
    guard,
    onCollected: (nowMs) => {
      if (guard.signs) ctx.self.publish(nowMs);
    },
  });
  const port = new ProbeSender(() => ctx);
  const outbox = new Outbox({ sender: id, boot, sealer: peerKeys, counters });
  const prober = new Prober({ settings, members, health, timers, random, port });
  const watch = new Watch({
    self: id,
    settings,
    members,
    timers,
    probe: (member, nowMs) => prober.probe(member, nowMs),
    hearsMulticast: () => ctx.links.some((link) => link.multicast !== 'off'),
  });
  const ctx = {
    id,
    settings,
    counters,
    random,
    timers,
    outbox,
    keySwitch: new KeySwitch({ outbox, users: [opener, peerKeys] }),
    pending: new Pending(random),
    table,
    own,
    members,
    health,
    isProven: (peer: NodeId) => opener.isProven(peer),
    provenPlace: (peer: NodeId, wanted: Endpoint | null) => provenPlaceOf(opener.sessionsOf(peer), wanted),
    budgets: createByteBudgets(settings),
    clocks,
    life: new LifeSigns({ self: id, boot: () => own.boot, cluster, provider, random, clocks, proofs }),
    helpBudget: new HelpBudget(),
    prober,
    watch,
    warden:
      trust &&
      new Warden({
        ctx: () => ctx,
        trust,
        provider,
        cluster,
        random,
        onAdmitted: listeners.onAdmitted,
        expel: (peer, nowMs) => {
          opener.forget(peer);
          table.forget(peer);
          members.forget(peer, nowMs);
        },
      }),
    dials,
    endpoints: options.endpoints,
    links: options.links,
  } as Omit<EngineContext, Machines> as EngineContext;
  Object.assign(ctx, {
    self: new SelfRecord(ctx, { name: options.name, protocol: PROTOCOL_VERSION, tags: options.tags ?? {} }),
    accuser: new Accuser(ctx),
    twins: new TwinWatch(ctx),
    follower: new BootFollower(ctx),
    forgetter: new Forgetter(ctx),
    spreader: new Spreader(ctx),
    sync: new Synchroniser(ctx),
    values: new ValueCourier(ctx, provider.sha256),
    secondLook: new SecondLook(ctx),
    presence: new PresenceSpeaker(ctx),
    joiner: new Joiner(ctx),
    leaver: new Leaver(ctx),
    relays: new RelayKeeper(ctx),
    leases: new LeaseDesk({ ctx, provider, options: options.leases }),
    events: new EventDesk({
      ctx,
      options: options.events,
      questions: {
        asksHere: (question) => ctx.queries.asksHere(question),
        onQuestion: (arrival, nowMs) => ctx.queries.onQuestion(arrival, nowMs),
        renumbered: (from, to) => ctx.queries.renumbered(from, to),
      },
    }),
    queries: new QueryDesk(ctx),
    keys: new KeyKeeper({
      ctx,
      provider,
      cluster,
      keys,
      peerKeys,
      heardWith: (peer) => opener.sessionsOf(peer).at(-1)?.groupKey,
    }),
  });
  const refuser = new Refuser({ outbox, provider, cluster });
  return { ctx, opener, peerKeys, refuser, authority: trust?.authority };
}

/** The key of a node that nobody let in yet: nothing is sealed with it, and nothing opens. */
function unspoken({ trust, provider, random }: EngineOptions): Keyring {
  assert(trust !== undefined, 'a keyring, keys, or trust');
  return new Keyring(groupKeyFrom(provider, random.bytes(KEY_BYTES)));
}

type Machines =
  | 'self'
  | 'accuser'
  | 'twins'
  | 'follower'
  | 'forgetter'
  | 'spreader'
  | 'sync'
  | 'values'
  | 'secondLook'
  | 'presence'
  | 'joiner'
  | 'leaver'
  | 'relays'
  | 'leases'
  | 'events'
  | 'queries'
  | 'keys';
