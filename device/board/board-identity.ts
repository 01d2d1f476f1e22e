import { readDeviceTree } from './board-facts.ts';
import type { BoardReader } from './reader.ts';

/** What tells this board from others of its kind. Not secret, but it names a device: keep it out of what is sent. */
export interface BoardIdentity {
  /** The serial number, where there is one that is more than a filler. */
  readonly serial: string | null;
  readonly serialFrom: 'device-tree' | 'cpuinfo' | 'dmi' | null;
  /** `uninitialized`: an image that was never booted, or was copied as a template. */
  readonly machineId: 'present' | 'absent' | 'uninitialized';
}

const FILLERS =
  /^(?:0+|none|default string|to be filled by o\.?e\.?m\.?|system serial number|not specified|x+)$/i;

/** Reads what tells this board from others. Never throws; a serial that only root may read counts as absent. */
export function readBoardIdentity(reader: BoardReader): BoardIdentity {
  return { ...readSerial(reader), machineId: readMachineId(reader) };
}

function readSerial(reader: BoardReader): Pick<BoardIdentity, 'serial' | 'serialFrom'> {
  const cpuinfo = /^Serial\s*:\s*([0-9a-fA-F]{1,32})\s*$/m.exec(reader.text('/proc/cpuinfo') ?? '')?.[1];
  const found = [
    ['device-tree', readDeviceTree(reader, 'serial-number')[0]],
    ['cpuinfo', cpuinfo],
    ['dmi', reader.text('/sys/class/dmi/id/product_serial')?.trim()],
  ] as const;
  for (const [serialFrom, text] of found) {
    const serial = text?.slice(0, 64);
    if (serial && /^[\x21-\x7e][\x20-\x7e]*$/.test(serial) && !FILLERS.test(serial))
      return { serial, serialFrom };
  }
  return { serial: null, serialFrom: null };
}

function readMachineId(reader: BoardReader): BoardIdentity['machineId'] {
  const text = reader.text('/etc/machine-id')?.trim();
  if (text === undefined || text === '') return 'absent';
  return /^[0-9a-f]{32}$/.test(text) && !/^0+$/.test(text) ? 'present' : 'uninitialized';
}
