import type { Endpoint } from '../core/endpoint.ts';
import type { Destination, Path, TrafficClass } from '../core/outputs.ts';

/** Something that did not work while sending or receiving: counted, never thrown. */
export interface TransportFailure {
  /** The platform's code (`ENETUNREACH`, `EPERM`, `ENOBUFS`), or one of ours: `NO_SOCKET`, `QUEUE_FULL`, `UNKNOWN_LINK`, `TOUCH_BUSY`, `HTTP_...`. */
  readonly code: string;
  /**
   * `touch`: only a touch failed: the shortcut is lost, and nothing that was meant for anybody. `http`: a request broke section 19, or had no
   * answer: other requests may do better.
   */
  readonly what?: 'touch' | 'http';
  readonly link?: string;
  readonly endpoint?: Endpoint;
  /** As a person named it, where the endpoint only stands for that. */
  readonly where?: string;
}

/** Whom a transport tells what happens. Handlers are called one at a time, never from inside `send`. */
export interface TransportHandlers {
  /** A datagram came in; `bytes` is the receiver's to keep. */
  datagram(path: Path, bytes: Uint8Array): void;
  /** The platform says that nothing listens there; only a touch brings this out on Linux. */
  unreachable(endpoint: Endpoint): void;
  failure(failure: TransportFailure): void;
  /** Whether a member has shown that it receives there, and was last heard from there; absent: nobody is known. */
  isMember?(endpoint: Endpoint): boolean;
}

/** What one link carried, in payload bytes; only grows. */
export interface TransportTraffic {
  readonly link: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxDatagrams: number;
  readonly txDatagrams: number;
  /** Datagrams that the kernel dropped because the receive queue was full; 0 where the platform doesn't tell. */
  readonly rxDropped: number;
  /** Datagrams that were not sent because they exceed the link's byte budget. */
  readonly txDropped: Readonly<Record<TrafficClass, number>>;
}

/**
 * A way for datagrams to go in and out. One suite (`transportCompliance` of `gridvine/testing`) holds for every implementation.
 * Faults of the network never throw: they reach `failure`, later than the call that caused them.
 */
export interface Transport {
  readonly name: string;
  /** Where others reach this transport, with real port numbers; empty before `open`, after `close`, and for multicast. */
  readonly endpoints: readonly Endpoint[];
  /**
   * Starts to receive. Call once.
   * @throws GridvineError `E_ADDRESS_IN_USE`, `E_ADDRESS` or `E_SOCKET`; nothing stays open then.
   */
  open(handlers: TransportHandlers): Promise<void>;
  /** Whether this transport carries to such a destination at all. */
  accepts(to: Destination): boolean;
  /**
   * Sends one datagram, or counts why not. What exceeds the byte budget of the link that it would leave by is dropped (`txDropped`), by its
   * class. `bytes` must not change afterwards.
   */
  send(to: Destination, bytes: Uint8Array, trafficClass: TrafficClass): void;
  /**
   * Sends these bytes, as liveness, so that a host where nobody listens on the port is heard saying so, by `unreachable`. Anything else has no
   * consequence; what fails goes to `failure`. For destinations that `accepts` takes and that are no group.
   */
  touch(endpoint: Endpoint, bytes: Uint8Array): void;
  traffic(): TransportTraffic[];
  /** Stops receiving and releases everything; no handler is called afterwards. Idempotent. */
  close(): Promise<void>;
}
