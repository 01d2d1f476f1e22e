/** One connection to one broker, from the attempt to its end. Every message goes out retained, with QoS 1. */
export interface BrokerLink {
  /** Sends. `done` is called once: without an error when the broker acknowledged. */
  publish(topic: string, payload: string, done: (error?: Error) => void): void;
  /** `clean`: with a DISCONNECT, so that the broker doesn't publish the will. `cut`: at once, as if the link had broken. */
  close(how: 'clean' | 'cut'): void;
}

/** What a link reports; never after `down`. */
export interface LinkListener {
  /** The broker accepted. It wants at most `receiveMaximum` unacknowledged messages. */
  up(info: { readonly receiveMaximum: number }): void;
  /** It is over, or never began. Called once, also after `close`, later than the call that caused it. */
  down(reason: string): void;
}

export interface Will {
  readonly topic: string;
  readonly payload: string;
}

/** Opens links. The daemon's one is `mqttDialer`; tests have their own. */
export interface BrokerDialer {
  dial(options: {
    readonly server: string;
    readonly will: Will;
    readonly listener: LinkListener;
  }): BrokerLink;
}
