import type { HealthLedger } from '../health.ts';
import { LINK_BYTES_PER_SECOND_MAX } from '../limits.ts';
import {
  endpointText,
  type Link,
  type LinkEnd,
  type LinkEndpoint,
  type LinkFault,
} from '../ports/link-port.ts';
import type { SourcePorts } from '../ports/source-ports.ts';
import { Backoff } from './backoff.ts';
import { ByteBrake } from './byte-brake.ts';
import type { PassingTroubles } from './passing-troubles.ts';

export interface LinkKeeperOptions {
  readonly ports: SourcePorts;
  readonly endpoint: LinkEndpoint;
  /** Subject of its health items. */
  readonly subject: string;
  readonly ledger: HealthLedger;
  readonly troubles: PassingTroubles;
  /** The port was opened, maybe anew: what was half received before belongs to nobody. */
  readonly opened: () => void;
  readonly bytes: (chunk: Uint8Array) => void;
  /** It is gone; opening it again is seen to. */
  readonly lost?: () => void;
  /**
   * A connection over which nothing came for so long, ms, is made anew: its other side may have lost its power, and nobody says
   * so. Absent: whoever uses it sees to that.
   */
  readonly idleMsMax?: number;
}

/** Bounds of the pause between attempts; a port that stayed open so long counts as well again. All ms. */
const BACKOFF = { minMs: 1000, maxMs: 30_000, settledAfterMs: 10_000 };

const NEXT_STEP: Readonly<Record<LinkFault, string>> = {
  absent: 'Plug the device in, or correct the address; `ls /dev/serial/by-id` lists what is there.',
  busy: 'End the other program, or give this source a port of its own.',
  denied: 'The daemon must be in the group of the device file (usually dialout).',
  unanswered:
    'Check that the device is on, its address, and that it accepts connections (often an option of its menu).',
  failed: 'Check baudRate, parity and stopBits, and that the path is that of a serial port.',
  lost: 'Check plug, cable and power of the device. By /dev/serial/by-id it is found again under any number.',
};

/** Keeps a port open: opens it again, with growing pauses, whenever it is gone, by whatever number it comes back. */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #backoff = new Backoff(BACKOFF);
  readonly #brake: ByteBrake;
  readonly #counters = {
    opens: 0,
    openFailures: 0,
    losses: 0,
    bytesIn: 0,
    bytesOut: 0,
    pauses: 0,
    idleDrops: 0,
  };
  #link: Link | undefined;
  #isOpen = false;
  #isRunning = false;
  #cancelRetry: (() => void) | undefined;
  #cancelIdle = () => {};
  #openedAtMs: number | undefined;
  #lastBytesAtMs = 0;

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    this.#brake = new ByteBrake({
      clock: options.ports.clock,
      bytesPerSecondMax: LINK_BYTES_PER_SECOND_MAX,
    });
  }

  /** Whether bytes can be sent now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(): void {
    this.#isRunning = true;
    this.#open();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#isOpen = false;
    this.#brake.release();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#cancelIdle();
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  /** Gives the connection up and makes it anew. That it can't be made would be a condition; that it was silent is its user's. */
  reopen(): void {
    if (!this.#isOpen) return;
    this.#counters.idleDrops += 1;
    void this.#link?.close();
    this.#leave();
    this.#openLater(BACKOFF.minMs);
  }

  write(bytes: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#counters.bytesOut += bytes.length;
    this.#link?.write(bytes);
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }

  #open(): void {
    const { ports, endpoint, opened } = this.#options;
    this.#openedAtMs = undefined;
    this.#link = ports.links.open(endpoint, {
      opened: () => {
        this.#openedAtMs = ports.clock.nowMs();
        this.#lastBytesAtMs = this.#openedAtMs;
        this.#isOpen = true;
        this.#counters.opens += 1;
        this.#options.ledger.clear({ code: 'port-unavailable', subject: this.#options.subject });
        this.#watchIdle();
        opened();
      },
      bytes: (chunk) => this.#receive(chunk),
      closed: (end) => this.#retry(end),
    });
  }

  #receive(chunk: Uint8Array): void {
    this.#counters.bytesIn += chunk.length;
    this.#lastBytesAtMs = this.#options.ports.clock.nowMs();
    this.#options.bytes(chunk);
    const flow = { pause: () => this.#link?.pause(), resume: () => this.#link?.resume() };
    if (!this.#brake.count(chunk.length, flow)) return;
    this.#counters.pauses += 1;
    this.#options.troubles.report({
      code: 'source-flooding',
      subject: this.#options.subject,
      severity: 'warning',
      title: 'more bytes than any field bus has',
      text: `${endpointText(this.#options.endpoint)} sends over ${LINK_BYTES_PER_SECOND_MAX / 1024} KiB a second; it has to wait. Check what listens there.`,
    });
  }

  #watchIdle(): void {
    const { idleMsMax, ports } = this.#options;
    if (idleMsMax === undefined) return;
    const leftMs = this.#lastBytesAtMs + idleMsMax - ports.clock.nowMs();
    if (leftMs <= 0) this.reopen();
    else this.#cancelIdle = ports.clock.schedule(leftMs, () => this.#watchIdle());
  }

  #retry(end: LinkEnd): void {
    if (!this.#isRunning) return;
    const { ports, endpoint, ledger, subject } = this.#options;
    const openedAtMs = this.#openedAtMs;
    this.#counters[openedAtMs === undefined ? 'openFailures' : 'losses'] += 1;
    ledger.raise({
      code: 'port-unavailable',
      subject,
      severity: 'failure',
      title: openedAtMs === undefined ? "the port can't be opened" : 'the port has gone',
      text: `${endpointText(endpoint)}: ${end.detail}. ${NEXT_STEP[end.fault]}`,
    });
    this.#leave();
    const stayedMs = openedAtMs === undefined ? 0 : ports.clock.nowMs() - openedAtMs;
    this.#openLater(this.#backoff.pauseAfter(stayedMs));
  }

  /** Forgets the link, and tells whoever used it. */
  #leave(): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#link = undefined;
    this.#brake.release();
    this.#cancelIdle();
    if (wasOpen) this.#options.lost?.();
  }

  #openLater(delayMs: number): void {
    this.#cancelRetry = this.#options.ports.clock.schedule(delayMs, () => this.#open());
  }
}
