/** One field of a text block: its label, and its value as the device prints it. */
export type VedirectField = readonly [label: string, value: string];

/** A text block as a device sends it, from its first carriage return to its checksum. */
export function vedirectBlock(fields: readonly VedirectField[]): Uint8Array {
  const text = `${fields.map(([label, value]) => `\r\n${label}\t${value}`).join('')}\r\nChecksum\t`;
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return Uint8Array.of(...bytes, (256 - (sum % 256)) % 256);
}

/** A HEX frame as either side sends it: a command (one hex digit) and its bytes, with colon, checksum and newline. */
export function vedirectHex(command: number, bytes: readonly number[]): Uint8Array {
  const sum = bytes.reduce((total, byte) => total + byte, command);
  const checksum = (0x55 - sum) & 0xff;
  const hex = [...bytes, checksum].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
  return Uint8Array.from(`:${command.toString(16).toUpperCase()}${hex}\n`, (char) => char.charCodeAt(0));
}

/** What a solar charger says. */
export function chargerFields(changes: Readonly<Record<string, string>> = {}): readonly VedirectField[] {
  const fields: Record<string, string> = {
    PID: '0xA053',
    FW: '161',
    'SER#': 'HQ2132ABCDE',
    V: '12800',
    I: '5200',
    VPV: '34210',
    PPV: '71',
    CS: '3',
    MPPT: '2',
    OR: '0x00000000',
    ERR: '0',
    LOAD: 'ON',
    IL: '800',
    H19: '15342',
    H20: '52',
    H21: '412',
    H22: '61',
    H23: '388',
    HSDS: '212',
    ...changes,
  };
  return Object.entries(fields);
}

/** What a battery monitor says, in its two blocks that take turns. */
export function monitorFields(
  changes: Readonly<Record<string, string>> = {},
): readonly (readonly VedirectField[])[] {
  const now: Record<string, string> = {
    PID: '0x203',
    V: '26201',
    I: '-1500',
    P: '-39',
    CE: '-13200',
    SOC: '876',
    TTG: '2160',
    T: '21',
    Alarm: 'OFF',
    Relay: 'OFF',
    AR: '0',
    BMV: '700',
    FW: '0308',
  };
  const history: Record<string, string> = {
    H1: '-55200',
    H7: '24100',
    H8: '28900',
    H17: '4210',
    H18: '4876',
  };
  return [Object.entries({ ...now, ...changes }), Object.entries(history)];
}
