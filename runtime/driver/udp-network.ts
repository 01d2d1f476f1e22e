import { type Endpoint, formatEndpoint } from '../core/endpoint.ts';
import { ENDPOINTS_PER_NODE_MAX } from '../core/limits.ts';
import type { Link } from '../engine/contract.ts';
import { fitEndpoints } from '../membership/node-facts.ts';
import type { HttpTransport } from '../transport/http/http-transport.ts';
import type { Targets } from '../transport/http/targets.ts';
import { type InterfaceReader, InterfaceTable } from '../transport/interface-table.ts';
import { LinkBudgets } from '../transport/link-budgets.ts';
import { SocketDrops } from '../transport/socket-drops.ts';
import type { Transport, TransportHandlers } from '../transport/transport.ts';
import { type MulticastGroup, UdpMulticast } from '../transport/udp-multicast.ts';
import { type Bind, UdpUnicast } from '../transport/udp-unicast.ts';
import { advertised, isWildcard, planBinds } from './bind-plan.ts';
import { BudgetWatch } from './budget-watch.ts';
import type { Clock } from './clock.ts';
import { sameEndpoints } from './driver.ts';
import type { HealthBoard } from './health-board.ts';
import { boundAddresses, type HttpNetworkOptions, httpTransport } from './http-network.ts';
import type { LogSink } from './log.ts';
import type { Scheduler } from './scheduler.ts';

/** How often the host's interfaces are looked at: Node has no notification of address changes. */
export const INTERFACE_POLL_MS = 2_000;

/** How often the kernel is asked what it dropped, and the budgets what they refused: local health needs it soon, and a board reads a small file for it. */
export const DROPS_POLL_MS = 5_000;
/** How long the loss stays on the health list. */
const DROPS_SHOWN_MS = 60_000;

export interface UdpNetworkOptions {
  readonly bind: readonly Bind[];
  readonly advertise: readonly Endpoint[];
  readonly links: readonly Link[];
  readonly multicast: MulticastGroup;
  /** What a link may send, IP and UDP headers included; a link that isn't named has no limit. */
  readonly linkBytesPerSecond?: Readonly<Record<string, number>>;
  /** Absent: no HTTP. */
  readonly http?: HttpNetworkOptions & { readonly targets: Targets };
  readonly readInterfaces: InterfaceReader;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly health: HealthBoard;
  readonly log: LogSink;
  /** Default: what Linux tells. */
  readonly socketDrops?: Pick<SocketDrops, 'poll'>;
}

/** What the engine is told of the host's network. */
export interface NetworkView {
  readonly endpoints: readonly Endpoint[];
  /** A link whose group can't be joined at present is `off`. */
  readonly links: readonly Link[];
}

/** The node's transports, UDP and HTTP, kept in step with the host's interfaces as they come, go and change address. */
export class UdpNetwork {
  readonly #options: UdpNetworkOptions;
  readonly #unicast: UdpUnicast;
  readonly #multicast: UdpMulticast;
  readonly #http: HttpTransport | undefined;
  readonly #drops: Pick<SocketDrops, 'poll'>;
  readonly #budgetWatch: BudgetWatch;
  #table: InterfaceTable;
  #cancel: (() => void) | undefined;
  #cancelDrops: (() => void) | undefined;
  #view: NetworkView;
  #step: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: UdpNetworkOptions) {
    this.#options = options;
    this.#table = new InterfaceTable(options.readInterfaces());
    const interfaces = () => this.#table;
    const fixed = options.bind.filter((bind) => !isWildcard(bind));
    const { clock, health, linkBytesPerSecond: bytesPerSecond = {} } = options;
    const budgets = new LinkBudgets({ bytesPerSecond, nowMs: () => clock.nowMs() });
    this.#unicast = new UdpUnicast({ bind: planBinds(fixed, this.#table), interfaces, budgets });
    this.#multicast = new UdpMulticast({
      group: options.multicast,
      links: options.links.filter((link) => link.multicast !== 'off').map((link) => link.name),
      interfaces,
      unicast: this.#unicast,
      budgets,
    });
    this.#http = options.http && httpTransport(options.http, { ...options, interfaces, budgets });
    this.#drops = options.socketDrops ?? new SocketDrops();
    this.#budgetWatch = new BudgetWatch({
      bytesPerSecond,
      traffic: () => this.transports.flatMap((transport) => transport.traffic()),
      pollMs: DROPS_POLL_MS,
      health,
      clock,
    });
    this.#view = { endpoints: [], links: options.links };
  }

  get transports(): readonly Transport[] {
    return [this.#unicast, this.#multicast, ...(this.#http === undefined ? [] : [this.#http])];
  }

  get view(): NetworkView {
    return this.#view;
  }

  /** @throws GridvineError `E_ADDRESS_IN_USE`, `E_ADDRESS` or `E_SOCKET`; nothing stays open then. */
  async open(handlers: TransportHandlers): Promise<void> {
    await this.#unicast.open(handlers);
    // An address that a link has just now got may not be bound yet (IPv6 checks for duplicates first): later is soon enough.
    const problems = await this.#unicast.rebind(planBinds(this.#options.bind, this.#table));
    const fatal = problems.find((problem) => problem.code !== 'E_ADDRESS');
    if (fatal !== undefined) {
      await this.#unicast.close();
      throw fatal;
    }
    await this.#multicast.open(handlers);
    try {
      await this.#http?.open(handlers);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#view = this.#look();
    const { recvBufferBytes, endpoints } = this.#unicast;
    this.#options.log('info', 'sockets-open', { endpoints, recvBufferBytes, joined: this.#multicast.joined });
    this.#report(problems.map((problem) => problem.message));
  }

  /** Calls back whenever the view has changed. */
  watch(onChange: (view: NetworkView) => void): void {
    if (this.#closed) return;
    this.#cancel = this.#options.scheduler.after(INTERFACE_POLL_MS, () => {
      this.#step = this.refresh().then((changed) => {
        if (this.#closed) return;
        if (changed) onChange(this.#view);
        this.watch(onChange);
      });
    });
  }

  /**
   * Calls back with the number of datagrams lost within this machine since the last time, whenever there are any: dropped by the kernel
   * before this node took them, or of liveness and refused by a link's budget. Either way silence is not the others' fault.
   */
  watchDrops(onDrops: (datagrams: number) => void): void {
    if (this.#closed) return;
    this.#cancelDrops = this.#options.scheduler.after(DROPS_POLL_MS, () => {
      const datagrams = this.#countDrops() + this.#budgetWatch.poll();
      if (datagrams > 0) onDrops(datagrams);
      this.watchDrops(onDrops);
    });
  }

  /** Looks at the interfaces now and follows them; @returns whether the view has changed. */
  async refresh(): Promise<boolean> {
    const { bind, log } = this.#options;
    const table = this.#readTable();
    const moved = table.fingerprint() !== this.#table.fingerprint();
    this.#table = table;
    const problems = await this.#unicast.rebind(planBinds(bind, table));
    // Even where no address has changed: an interface that was deleted and made again has lost its membership.
    await this.#multicast.rejoin();
    if (this.#closed) return false;
    this.#report(problems.map((problem) => problem.message));
    const before = this.#view;
    this.#view = this.#look();
    const changed =
      !sameEndpoints(before.endpoints, this.#view.endpoints) || !sameLinks(before.links, this.#view.links);
    if (moved || changed) log('info', 'network-changed', { ...this.#view });
    return changed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    this.#cancelDrops?.();
    await this.#step;
    await this.#http?.close();
    await this.#multicast.close();
    await this.#unicast.close();
  }

  #countDrops(): number {
    let sum = 0;
    for (const [link, datagrams] of this.#drops.poll([...this.#unicast.bound, ...this.#multicast.bound])) {
      this.#unicast.noteDropped(link, datagrams);
      sum += datagrams;
    }
    if (sum === 0) return 0;
    const { health, clock } = this.#options;
    health.raise(
      clock.nowMs(),
      'receive-queue-full',
      {
        severity: 'warning',
        title: 'datagrams are lost on this machine',
        text: `The kernel dropped ${sum} datagrams within ${DROPS_POLL_MS / 1_000} s because this process did not take them in time. Look for what else uses the processor; a larger net.core.rmem_max bridges short peaks.`,
      },
      DROPS_SHOWN_MS,
    );
    return sum;
  }

  #readTable(): InterfaceTable {
    try {
      return new InterfaceTable(this.#options.readInterfaces());
    } catch (error) {
      // The platform may refuse for a moment (out of descriptors): what was true two seconds ago is the best guess.
      this.#options.log('warn', 'interfaces-unreadable', { error: String(error) });
      return this.#table;
    }
  }

  #look(): NetworkView {
    const joined = new Set(this.#multicast.joined);
    return {
      endpoints: this.#endpoints(),
      links: this.#options.links.map((link) =>
        joined.has(link.name) ? link : { name: link.name, multicast: 'off' },
      ),
    };
  }

  /** As many as fit a record: listeners keep some of the room, for they are of use where UDP isn't. */
  #endpoints(): Endpoint[] {
    const udp = advertised(this.#unicast.endpoints, this.#options.advertise);
    const http = this.#httpEndpoints();
    const fitting = fitEndpoints(udp, http, ENDPOINTS_PER_NODE_MAX);
    const { health, clock } = this.#options;
    if (fitting.cut.length > 0 && http.length > 0)
      health.raise(clock.nowMs(), 'addresses-cut', {
        severity: 'warning',
        title: 'this node has more addresses than it can tell',
        text: `A node tells ${ENDPOINTS_PER_NODE_MAX} addresses; left out: ${fitting.cut.map(formatEndpoint).join(', ')}. Name those that others should use as advertise and http.advertise, or fewer interfaces.`,
      });
    else health.clear('addresses-cut');
    return fitting.kept;
  }

  #httpEndpoints(): Endpoint[] {
    const { http } = this.#options;
    if (http === undefined || this.#http === undefined) return [];
    const links = this.#options.links.map(({ name }) => name);
    return advertised(boundAddresses(this.#http.endpoints, links, this.#table), http.advertise);
  }

  #report(bindProblems: readonly string[]): void {
    const { health, clock, bind } = this.#options;
    const nowMs = clock.nowMs();
    if (this.#unicast.endpoints.length === 0 && bind.length > 0)
      health.raise(nowMs, 'no-interface', {
        severity: 'failure',
        title: 'no usable interface',
        text: `None of the links (${[...new Set(bind.map((entry) => entry.link))].join(', ')}) has an address to listen on. It goes on looking; check cable, Wi-Fi or the configured interfaces.`,
      });
    else health.clear('no-interface');
    if (bindProblems.length > 0)
      health.raise(nowMs, 'bind-failed', {
        severity: 'warning',
        title: 'an address can not be listened on',
        text: `${bindProblems.join('; ')}. It is tried again every ${INTERFACE_POLL_MS / 1_000} s.`,
      });
    else health.clear('bind-failed');
    const { problems } = this.#multicast;
    if (problems.length > 0)
      health.raise(nowMs, 'multicast-unavailable', {
        severity: 'warning',
        title: 'no multicast on a link',
        text: `${problems.map(({ link, code }) => `${link}: ${code}`).join('; ')}. Nodes there are found by seeds only; NO_SOCKET: no address is bound on the link. It is tried again every ${INTERFACE_POLL_MS / 1_000} s.`,
      });
    else health.clear('multicast-unavailable');
  }
}

function sameLinks(a: readonly Link[], b: readonly Link[]): boolean {
  return a.length === b.length && a.every((link, i) => link.multicast === b[i].multicast);
}
