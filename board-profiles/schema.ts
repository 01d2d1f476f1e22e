import * as v from 'valibot';
import { checkPattern } from './pattern.ts';

/** How an interface is used for multicast: everything, only to be found (data goes by unicast), or not at all. */
export const MULTICAST_USES = ['full', 'discovery', 'off'] as const;

/** What an interface is to the runtime; it decides the defaults and how a loss is read. */
export const LINK_KINDS = ['wired', 'wifi', 'gadget', 'wan', 'virtual', 'loopback'] as const;

/** Architectures that have a generic profile; other spellings (`aarch64`, `x86_64`) are translated in `match.ts`. */
export const ARCHITECTURES = ['x64', 'arm64', 'armv7'] as const;

const id = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'expected 1 to 48 of a-z, 0-9 and -, not starting with -'),
);

const pattern = v.pipe(
  v.string(),
  v.check(
    (text) => checkPattern(text) === null,
    (issue) => checkPattern(issue.input) ?? '',
  ),
);

const whole = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.check(
      (n) => Number.isInteger(n) && n >= min && n <= max,
      `expected a whole number from ${min} to ${max}`,
    ),
  );

const celsius = v.pipe(
  v.number(),
  v.check((n) => n >= -40 && n <= 150, 'expected a temperature from -40 to 150 degrees Celsius'),
);

const label = (max: number) =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^[^\\p{Cc}]{1,${max}}$`, 'u'), `expected 1 to ${max} printable characters`),
  );

const absolutePath = v.pipe(
  v.string(),
  v.regex(
    /^\/(?!.*(?:^|\/)\.\.(?:\/|$))[\x20-\x7e]{0,255}$/,
    'expected an absolute path without ".." of at most 256 characters',
  ),
);

const compatible = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9._+-]+(?:,[A-Za-z0-9._+-]*)?\*?$/,
    'expected a device-tree string such as "raspberrypi,4-model-b"; a * may only stand at the end',
  ),
);

const DmiSchema = v.strictObject({
  sysVendor: v.optional(pattern),
  productName: v.optional(pattern),
  boardName: v.optional(pattern),
});

const MatchSchema = v.strictObject({
  /** Strings of the device tree's root `compatible`; a trailing `*` stands for any rest. */
  compatible: v.optional(v.array(compatible)),
  /** Regular expression on the device tree's `model`. */
  model: v.optional(pattern),
  /** Raspberry Pi model types: bits 4 to 11 of a new-style revision code (0x11 is the 4B). */
  revision: v.optional(v.array(whole(0, 255))),
  /** Regular expressions on DMI strings: any one entry must match, with all that it gives. */
  dmi: v.optional(v.array(DmiSchema)),
  /** Runs inside a container that hides the board. */
  container: v.optional(v.literal(true)),
  /** The last resort: any board of these architectures. */
  arch: v.optional(v.array(v.picklist(ARCHITECTURES))),
  /** Higher wins among profiles that match at the same stage; 50 for one board, 20 for a family, 0 for a generic. */
  priority: v.optional(whole(0, 100), 50),
});

const InterfaceRuleSchema = v.strictObject({
  /** Names the rule, so that a child profile can change it. */
  id,
  /** Regular expression on the interface's name. */
  name: v.optional(pattern),
  kind: v.optional(v.picklist(LINK_KINDS)),
  /** Higher is preferred, as in `match.priority`. */
  priority: v.optional(whole(0, 100)),
  multicast: v.optional(v.picklist(MULTICAST_USES)),
  /** Largest IP packet to send, in bytes; the interface's own MTU counts where it is smaller. null: the interface's own. */
  mtu: v.optional(v.nullable(whole(576, 65_536))),
  /** Milliseconds between presences by multicast: shorter finds a board sooner and costs air time. */
  presenceIntervalMs: v.optional(whole(100, 600_000)),
  /** Bytes a second sent on average, with IP and UDP headers, all classes together; null: no cap. */
  bytesPerSecondMax: v.optional(v.nullable(whole(100, 1_000_000_000))),
  /** Bytes a month sent and received, with IP headers; null: no cap. */
  bytesPerMonthMax: v.optional(v.nullable(whole(1_000_000, Number.MAX_SAFE_INTEGER))),
  /** Costs money by the byte: used only while no unmetered interface is usable, or when named. */
  metered: v.optional(v.boolean()),
  /** Never used unless named. */
  ignore: v.optional(v.boolean()),
});

const SerialPortSchema = v.strictObject({
  path: absolutePath,
  label: label(80),
  rs485: v.optional(v.boolean(), false),
});

/** A profile as it is written: what it leaves out comes from the profile that it extends. */
export const ProfileSourceSchema = v.strictObject({
  schema: v.literal(1),
  id,
  title: label(80),
  extends: v.optional(id),
  match: v.optional(MatchSchema),
  interfaces: v.optional(v.array(InterfaceRuleSchema)),
  sensors: v.optional(
    v.strictObject({
      /** Types of thermal zones (`/sys/class/thermal/<zone>/type`) that count as the board's temperature, best first. */
      thermalZones: v.optional(v.array(label(40))),
      /** File with the firmware's throttling bits in hexadecimal; null: none. */
      throttlePath: v.optional(v.nullable(absolutePath)),
      /** Name of the hwmon device with an under-voltage alarm; null: none. */
      undervoltageHwmon: v.optional(v.nullable(label(40))),
      warnCelsius: v.optional(celsius),
      critCelsius: v.optional(celsius),
    }),
  ),
  limits: v.optional(
    v.strictObject({
      /** JavaScript heap in MiB. */
      heapMiBMax: v.optional(whole(32, 4096)),
      recordsMax: v.optional(whole(100, 10_000_000)),
      ownersMax: v.optional(whole(4, 100_000)),
    }),
  ),
  watchdog: v.optional(
    v.strictObject({
      /** `systemd`: the service is fed through the service manager; `none`: leave it alone. */
      mode: v.optional(v.picklist(['systemd', 'none'])),
      serviceTimeoutMs: v.optional(whole(1000, 600_000)),
      /** Longest time-out of the hardware; null: no hardware watchdog known. */
      hardwareTimeoutMsMax: v.optional(v.nullable(whole(1000, 3_600_000))),
    }),
  ),
  storage: v.optional(
    v.strictObject({
      medium: v.optional(v.picklist(['sd', 'emmc', 'ssd', 'volatile', 'unknown'])),
      /** Shortest time between two writes of state that may be lost: longer spares flash. */
      syncIntervalMs: v.optional(whole(0, 3_600_000)),
      /** MiB kept for a bridge's backlog. */
      spoolMiBMax: v.optional(whole(0, 1_048_576)),
      freePercentMin: v.optional(whole(0, 90)),
    }),
  ),
  serialPorts: v.optional(v.array(SerialPortSchema)),
  clock: v.optional(
    v.strictObject({
      /** `optional`: the board has one, or room for its battery, and nobody can tell in advance. */
      rtc: v.optional(v.picklist(['none', 'optional', 'present'])),
    }),
  ),
});

/** A profile as it is written, checked: see {@link ProfileSourceSchema}. */
export type ProfileSource = v.InferInput<typeof ProfileSourceSchema>;
export type MatchRule = NonNullable<ProfileSource['match']>;
export type InterfaceRuleSource = NonNullable<ProfileSource['interfaces']>[number];

export type MulticastUse = (typeof MULTICAST_USES)[number];
export type LinkKind = (typeof LINK_KINDS)[number];
export type Architecture = (typeof ARCHITECTURES)[number];
