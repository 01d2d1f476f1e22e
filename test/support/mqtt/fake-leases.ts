import type { LeaseSource } from '#device/mqtt/uplink-lease.ts';
import { GridvineError } from '#runtime/core/errors.ts';
import type { NodeLease } from '#runtime/driver/node-lease.ts';

/** Leases of one node by hand: who asked gets what the test says. */
export class FakeLeases implements LeaseSource {
  /** Whether some node is said to hold each lease. */
  isHeld = false;
  /** Thrown at whoever asks. */
  problem: GridvineError | undefined;
  asked = 0;
  #held: { readonly controller: AbortController; isHeld: boolean } | undefined;
  #waiting: ((lease: NodeLease) => void) | undefined;
  #fence = 0;

  async lease(
    name: string,
    options: { readonly ttlMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<NodeLease> {
    this.asked++;
    if (this.problem !== undefined) throw this.problem;
    const { promise, resolve, reject } = Promise.withResolvers<NodeLease>();
    const controller = new AbortController();
    options.signal?.addEventListener('abort', () => {
      this.#waiting = undefined;
      controller.abort(options.signal?.reason);
      reject(options.signal?.reason);
    });
    this.#waiting = (lease) => {
      this.#held = { controller, isHeld: true };
      resolve(lease);
    };
    const own = () =>
      this.#held?.controller === controller && this.#held.isHeld && !controller.signal.aborted;
    const fence = ++this.#fence;
    this.#make = () => ({
      name,
      fence,
      get held() {
        return own();
      },
      leftMs: 1_000,
      signal: controller.signal,
      release: () => controller.abort(),
      async [Symbol.asyncDispose]() {},
    });
    return promise;
  }

  #make: () => NodeLease = () => {
    throw new Error('nobody asked');
  };

  leases(): ReturnType<LeaseSource['leases']> {
    const lease = {
      name: 'uplink',
      state: this.isHeld ? ('held' as const) : ('free' as const),
      holder: null,
      node: null,
      fence: null,
      ttlMs: null,
      votes: 0,
      own: null,
    };
    const voter = { standing: 'votes' as const, missing: 0, waitMs: null, givenVersion: null, promises: 0 };
    return { roster: null, voter, leases: [lease] };
  }

  /** Whether somebody waits for one. */
  get isAsked(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whoever waits gets it. */
  async grant(): Promise<void> {
    this.#waiting?.(this.#make());
    this.#waiting = undefined;
    await settle();
  }

  /** Its time is over, and nobody has been told yet: as after a pause of the process. */
  lapse(): void {
    if (this.#held !== undefined) this.#held.isHeld = false;
  }

  async lose(): Promise<void> {
    this.lapse();
    this.#held?.controller.abort(
      new GridvineError('E_LEASE_UNAVAILABLE', 'lease uplink: somebody else holds it'),
    );
    await settle();
  }
}

/** Lets promises that are settled be heard. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
