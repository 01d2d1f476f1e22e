import * as v from 'valibot';
import { problemOfLeaseName } from '#runtime/coordination/lease/lease-name.ts';

/** Protocols of a broker's URL, and their default ports. */
export const BROKER_PORTS: Readonly<Record<string, number>> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'ws:': 80,
  'wss:': 443,
};

const SERVERS_MAX = 8;
const GLOBS_MAX = 64;

const brokerUrl = v.pipe(
  v.string('expected a URL such as mqtt://192.168.1.10:1883'),
  v.check(
    (text) => brokerUrlFault(text) === undefined,
    (issue) => brokerUrlFault(issue.input) ?? '',
  ),
);

const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.number(`expected a whole number from ${min} to ${max}`),
    v.check(
      (n) => Number.isInteger(n) && n >= min && n <= max,
      `expected a whole number from ${min} to ${max}`,
    ),
  );

const text = (max: number) =>
  v.pipe(
    v.string(`expected a text of 1 to ${max} characters`),
    v.check((s) => s.length >= 1 && s.length <= max, `expected a text of 1 to ${max} characters`),
  );

const baseTopic = v.pipe(
  v.string('expected a topic such as gridvine or plant/north'),
  v.check(
    (s) => s.length <= 128 && /^[^+#\p{Cc}/$][^+#\p{Cc}/]*(?:\/[^+#\p{Cc}/]+)*$/u.test(s),
    'expected topic levels without + or #, none of them empty, the first not starting with $',
  ),
);

const keyGlob = v.pipe(
  v.string('expected a glob such as system/* or **'),
  v.check((s) => s.length >= 1 && s.length <= 128, 'expected a glob of 1 to 128 characters'),
);

const TlsSchema = v.strictObject({
  /** PEM file with the authorities that the broker's certificate may come from; absent: those of the system. */
  caFile: v.optional(text(4096)),
  /** PEM file with this node's certificate, and its key: both or neither. */
  certFile: v.optional(text(4096)),
  keyFile: v.optional(text(4096)),
  /** Name that the broker's certificate must hold, where it differs from the URL's host. */
  serverName: v.optional(text(253)),
});

/**
 * The `mqtt` section of the configuration. Relative files are read against the working directory of the daemon.
 * No secret stands in it: passwords and keys are files, so that the configuration can be shown and logged.
 */
export const MqttConfigSchema = v.pipe(
  v.strictObject({
    /** Whether this daemon publishes. Default: yes where a broker is named. */
    enabled: v.optional(v.boolean('expected true or false')),
    /** The broker; short for a list of one. */
    url: v.optional(brokerUrl),
    /** Brokers in order of preference; after a failed attempt the next one is tried. At most 8. */
    servers: v.optional(
      v.pipe(
        v.array(brokerUrl, 'expected a list of URLs'),
        v.minLength(1, 'expected at least one URL'),
        v.maxLength(SERVERS_MAX, `expected at most ${SERVERS_MAX} URLs`),
      ),
    ),
    /** MQTT version. 5 tells the broker's own limit of unacknowledged messages; many older brokers know only 3.1.1. */
    protocol: v.optional(
      v.pipe(
        v.picklist(['3.1.1', '5', 5], 'expected 3.1.1 or 5'),
        v.transform((version): '3.1.1' | '5' => (version === '3.1.1' ? '3.1.1' : '5')),
      ),
      '3.1.1',
    ),
    /** Default: `gridvine-` and 12 digits of the node's id. Two clients of one id throw each other out. */
    clientId: v.optional(text(128)),
    username: v.optional(text(256)),
    /** File with the password; a newline at its end is cut. Read at each connection. */
    passwordFile: v.optional(text(4096)),
    tls: v.optional(TlsSchema),
    /** First levels of every topic. */
    baseTopic: v.optional(baseTopic, 'gridvine'),
    /** Name of a lease: of all nodes with the same one, only its holder feeds the brokers. Default: each node does. */
    lease: v.optional(
      v.pipe(
        v.string('expected the name of a lease such as uplink'),
        v.check(
          (name) => problemOfLeaseName(name) === undefined,
          ({ input }) => problemOfLeaseName(input) ?? '',
        ),
      ),
    ),
    /** Globs over keys: `*` within a segment, `**` for any number of segments. Only keys that match one are published. */
    keys: v.optional(
      v.pipe(
        v.array(keyGlob, 'expected a list of globs'),
        v.maxLength(GLOBS_MAX, `expected at most ${GLOBS_MAX} globs`),
      ),
      ['**'],
    ),
    /** Seconds of silence after which the broker is asked whether it's there. Shorter finds a dead link sooner. 5-300. */
    keepaliveS: v.optional(wholeNumber(5, 300), 20),
    /** Messages that may be unacknowledged at a time. More is faster on long links, and more is sent twice. 1-256. */
    window: v.optional(wholeNumber(1, 256), 32),
  }),
  v.forward(
    v.check(
      (c) => c.url === undefined || c.servers === undefined,
      'expected either url or servers, not both',
    ),
    ['servers'],
  ),
  v.forward(
    v.check(
      (c) => c.enabled !== true || c.url !== undefined || c.servers !== undefined,
      'expected a broker: set url, for example mqtt://192.168.1.10:1883',
    ),
    ['url'],
  ),
  v.forward(
    v.check(
      (c) => (c.tls?.certFile === undefined) === (c.tls?.keyFile === undefined),
      'expected certFile and keyFile together',
    ),
    ['tls'],
  ),
  v.forward(
    v.check(
      (c) => c.passwordFile === undefined || c.username !== undefined,
      'expected a username beside passwordFile',
    ),
    ['username'],
  ),
);

export type MqttConfig = v.InferOutput<typeof MqttConfigSchema>;

/** The brokers to try, in order. Empty: none is configured. */
export function brokersOf(config: MqttConfig): readonly string[] {
  return config.servers ?? (config.url === undefined ? [] : [config.url]);
}

/** Whether this daemon publishes. */
export function publishes(config: MqttConfig | undefined): config is MqttConfig {
  return config !== undefined && (config.enabled ?? true) && brokersOf(config).length > 0;
}

/** What is wrong with a broker's URL, or undefined. It never repeats the text, which may hold a password. */
function brokerUrlFault(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === '')
    return 'expected a URL such as mqtt://192.168.1.10:1883';
  if (BROKER_PORTS[parsed.protocol] === undefined)
    return 'expected a URL that starts with mqtt, mqtts, ws or wss';
  if (parsed.username !== '' || parsed.password !== '') {
    return 'expected no user or password in the URL: use username and passwordFile';
  }
  return undefined;
}
