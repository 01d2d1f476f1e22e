/**
 * How long the broker waits for the cluster's acknowledgements, in milliseconds: with what the bridge (1.5 s) and the API
 * (0.5 s) may take after it, the daemon's own end takes 4.5 s at most.
 */
const BROKER_WAIT_MS_MAX = 2_400;

export interface GoodbyeOptions {
  readonly node: { leave(): Promise<void> };
  readonly sources: { stop(): Promise<void> };
  readonly mqtt: { stop(): Promise<void>; readonly isLeased?: boolean } | undefined;
  /** Default 2.4 s. */
  readonly brokerWaitMsMax?: number;
}

/**
 * Says goodbye to the cluster, and to the broker after it, which so hears of this node's own `left`. Where the cluster takes
 * too long, both goodbyes go on at once. A bridge under a lease is first: the node must be there to let that go, and the next bridge tells
 * who left. Resolves when all have ended.
 */
export async function sayGoodbye(options: GoodbyeOptions): Promise<void> {
  const { node, sources, mqtt, brokerWaitMsMax = BROKER_WAIT_MS_MAX } = options;
  const goesOn = mqtt?.isLeased === true;
  if (goesOn) await mqtt.stop();
  const left = node.leave();
  const toldBroker = endOrTimeout(left, brokerWaitMsMax).then(() => (goesOn ? undefined : mqtt?.stop()));
  await Promise.all([left, sources.stop(), toldBroker]);
}

/** Resolves when the work has ended, either way, or `ms` later. */
function endOrTimeout(work: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
}
