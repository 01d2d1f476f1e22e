import type { AppValue } from '#runtime/core/value.ts';
import type { FilePort } from '../../ports/file-port.ts';

/** One value from one round. `fault` says why there is none although the sensor is there. */
export interface Sample {
  readonly key: string;
  readonly unit?: string;
  readonly value?: AppValue;
  readonly fault?: string;
}

/** What one sensor gave in a round: its samples, or the notice that this board has no such sensor. */
export type SensorResult =
  | { readonly kind: 'samples'; readonly samples: readonly Sample[] }
  | { readonly kind: 'absent'; readonly looked: string };

/** One sensor of the board. It may keep state between rounds. */
export interface Sensor {
  /** The key that stands for it in health items. */
  readonly key: string;
  read(files: FilePort): Promise<SensorResult>;
}

/** Reads a file and parses it; a fault, a missing file or text that makes no sense become the result's business. */
export async function readParsed<T>(
  files: FilePort,
  path: string,
  options: {
    readonly key: string;
    readonly parse: (text: string) => T | undefined;
    readonly samples: (parsed: T) => readonly Sample[];
  },
): Promise<SensorResult> {
  const text = await files.readText(path);
  if (!text.ok && text.fault === 'absent') return { kind: 'absent', looked: path };
  if (!text.ok) return unreadable(options.key, `${path}: ${text.detail}`);
  const parsed = options.parse(text.value);
  if (parsed === undefined) {
    return unreadable(options.key, `${path}: unexpected text ${JSON.stringify(text.value.slice(0, 40))}`);
  }
  return { kind: 'samples', samples: options.samples(parsed) };
}

/** A sensor that is there and gives nothing usable. */
export function unreadable(key: string, fault: string): SensorResult {
  return { kind: 'samples', samples: [{ key, fault }] };
}
