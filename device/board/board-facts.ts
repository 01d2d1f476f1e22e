import type { BoardFacts } from '#profiles/facts.ts';
import type { BoardReader } from './reader.ts';

// The first is where Linux keeps it; the second, its old name, is a link that a copied tree may lack or hold as a folder.
const DEVICE_TREES = ['/sys/firmware/devicetree/base', '/proc/device-tree'];
const COMPATIBLE_MAX = 16;
const TEXT_MAX = 200;

/** What the machine says about which board it is. Never throws. @param arch as Node or `uname -m` spell it */
export function readBoardFacts(reader: BoardReader, arch: string): BoardFacts {
  const model = readDeviceTree(reader, 'model')[0];
  const revision = readRevision(reader);
  const dmi = readDmi(reader);
  const container = readContainer(reader);
  return {
    compatible: readDeviceTree(reader, 'compatible').slice(0, COMPATIBLE_MAX),
    ...(model === undefined ? {} : { model }),
    ...(revision === undefined ? {} : { revision }),
    ...(dmi === undefined ? {} : { dmi }),
    ...(container === undefined ? {} : { container }),
    arch,
  };
}

/** The strings of a device-tree property of the root; they end in NUL. */
export function readDeviceTree(reader: BoardReader, property: string): string[] {
  for (const base of DEVICE_TREES) {
    const text = reader.text(`${base}/${property}`);
    if (text !== null) return text.split('\0').map(clean).filter(Boolean);
  }
  return [];
}

function readRevision(reader: BoardReader): string | undefined {
  // ARM also prints "CPU revision : 4", a number of the core's and not of the board's.
  return /^Revision\s*:\s*([0-9a-fA-F]{1,16})\s*$/m.exec(reader.text('/proc/cpuinfo') ?? '')?.[1];
}

function readDmi(reader: BoardReader): BoardFacts['dmi'] {
  const entries = [
    ['sysVendor', 'sys_vendor'],
    ['productName', 'product_name'],
    ['boardName', 'board_name'],
  ].flatMap(([key, file]) => {
    const text = clean(reader.text(`/sys/class/dmi/id/${file}`) ?? '');
    return text === '' ? [] : [[key, text] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function readContainer(reader: BoardReader): string | undefined {
  const told = clean(reader.text('/run/systemd/container') ?? '');
  if (told !== '') return told;
  if (reader.exists('/run/.containerenv')) return 'podman';
  if (reader.exists('/.dockerenv')) return 'docker';
  return /(?:^|\0)container=([\w-]{1,40})(?:\0|$)/.exec(reader.text('/proc/1/environ') ?? '')?.[1];
}

/** One line without control characters, for messages and terminals. */
function clean(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, TEXT_MAX);
}
