import { readParsed, type Sensor } from './sample.ts';

/** Where the Raspberry Pi's own kernel says whether the firmware slowed the board down. */
export const THROTTLE_PATH = '/sys/devices/platform/soc/soc:firmware/get_throttled';

/** The firmware's flags: what holds now, and what has happened since boot. */
export interface Throttling {
  readonly underVoltage: boolean;
  /** Slowed down for whatever reason: capped, throttled, or at the soft temperature limit. */
  readonly throttled: boolean;
  readonly underVoltageSeen: boolean;
  readonly throttledSeen: boolean;
}

const UNDER_VOLTAGE = 0x1;
const SLOWED_DOWN = 0xe;
/** The same flags, "has occurred since boot", lie 16 bits higher. */
const SEEN_SHIFT = 16;

/** Parses the hexadecimal word of `get_throttled`, with or without `0x`. */
export function parseThrottling(text: string): Throttling | undefined {
  const match = /^(?:0x)?([0-9a-f]{1,8})$/i.exec(text.trim());
  if (match === null) return undefined;
  const now = Number.parseInt(match[1]!, 16);
  const seen = now >>> SEEN_SHIFT;
  return {
    underVoltage: (now & UNDER_VOLTAGE) !== 0,
    throttled: (now & SLOWED_DOWN) !== 0,
    underVoltageSeen: (seen & UNDER_VOLTAGE) !== 0,
    throttledSeen: (seen & SLOWED_DOWN) !== 0,
  };
}

/** The flags as readings. `onState` also gets them whole, for health items. */
export function throttlingSensor(path: string, onState: (state: Throttling) => void): Sensor {
  const key = 'system/under-voltage';
  return {
    key,
    read: (files) =>
      readParsed(files, path, {
        key,
        parse: parseThrottling,
        samples(state) {
          onState(state);
          return [
            { key, value: state.underVoltage },
            { key: 'system/throttled', value: state.throttled },
            { key: 'system/under-voltage-seen', value: state.underVoltageSeen },
          ];
        },
      }),
  };
}
