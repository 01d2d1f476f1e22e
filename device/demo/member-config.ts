import { join } from 'node:path';

/** Hour of the simulated plant's day at which a demo begins: the sun is up and the battery not yet full. */
const FIRST_HOUR = 10;
/** Where the sun is up for long in every season. */
const LATITUDE = 20;
const DEGREES_PER_HOUR = 15;
/** How much faster than the clock the simulated plant lives: a day takes twelve minutes. */
export const PLANT_SPEED = 120;

export interface MemberConfigOptions {
  readonly name: string;
  readonly index: number;
  readonly cluster: string;
  readonly keyFile: string;
  /** The same for all daemons of a demo, and another than that of any other demo. */
  readonly multicastPort: number;
  readonly directory: string;
  /** Broker to publish to; absent: this daemon doesn't. */
  readonly brokerUrl?: string;
  readonly nowMs: number;
}

/** Files of one daemon of the demo. */
export function memberPaths(directory: string): {
  readonly config: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly log: string;
} {
  return {
    config: join(directory, 'gridvine.yaml'),
    dataDir: join(directory, 'data'),
    socket: join(directory, 'api.sock'),
    log: join(directory, 'daemon.log'),
  };
}

/**
 * The configuration of one daemon, as it would stand in its file. It keeps to the loopback interface and to any free
 * port, and names no peer: the others are found by multicast.
 */
export function memberConfig(options: MemberConfigOptions): object {
  const { dataDir, socket } = memberPaths(options.directory);
  return {
    name: options.name,
    cluster: options.cluster,
    keyFile: options.keyFile,
    dataDir,
    socket,
    bind: ['127.0.0.1:0'],
    multicastPort: options.multicastPort,
    interfaces: { only: ['lo'] },
    sources: [
      { kind: 'system', name: 'system', interval: '2s' },
      {
        kind: 'plant',
        name: 'plant',
        speed: PLANT_SPEED,
        latitude: LATITUDE,
        longitude: longitudeOfHour(FIRST_HOUR, options.nowMs),
        initialSoc: 35 + 10 * (options.index % 4),
        seed: options.index + 1,
      },
    ],
    ...(options.brokerUrl === undefined ? {} : { mqtt: { url: options.brokerUrl } }),
  };
}

/** The longitude at which the sun now says this hour of the day, -180 to 180. */
export function longitudeOfHour(hour: number, nowMs: number): number {
  const utcHours = (nowMs / 3_600_000) % 24;
  const degrees = (hour - utcHours) * DEGREES_PER_HOUR;
  return Math.round((((degrees + 540) % 360) - 180) * 10) / 10;
}
