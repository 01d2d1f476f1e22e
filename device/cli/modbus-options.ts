import { InvalidArgumentError, Option } from 'commander';
import { parseLinkAddress } from '#bridge/link-address.ts';
import { PARITIES, type Parity } from '#bridge/ports/link-port.ts';
import { durationArgument, wholeNumberArgument } from './arguments.ts';

/** The slowest speed that serial ports know. */
const BAUD_RATE_MIN = 50;

/** How a Modbus bus is spoken to, as given on the command line. */
export interface ModbusLineOptions {
  readonly baudRate: number;
  readonly parity: Parity;
  readonly stopBits: 1 | 2;
  /** ms */
  readonly timeout: number;
}

/** How a serial line is set. */
export function serialLineOptions(): readonly Option[] {
  return [
    new Option('--baud-rate <number>', 'of a serial line').argParser(baudRateArgument).default(9600),
    new Option('--parity <parity>', 'of a serial line').choices([...PARITIES]).default('none'),
    new Option('--stop-bits <number>', 'of a serial line').argParser(stopBitsArgument).default(1),
  ];
}

/** The options of every command that opens a Modbus bus. */
export function modbusLineOptions(timeoutMs: number): readonly Option[] {
  const timeout = new Option('--timeout <duration>', 'how long a device may take')
    .argParser(durationArgument)
    .default(timeoutMs, `${timeoutMs}ms`);
  return [...serialLineOptions(), timeout];
}

/** `--unit-id`: which device on the bus. */
export function unitIdOption(): Option {
  return new Option('--unit-id <number>', 'which device on the bus').argParser(unitIdArgument).default(1);
}

/** An address of a Modbus bus, as it is. @throws InvalidArgumentError */
export function busArgument(text: string): string {
  const address = parseLinkAddress(text);
  const isUsable = address !== undefined && (address.kind !== 'rtu+tcp' || address.port !== undefined);
  if (!isUsable) {
    throw new InvalidArgumentError(
      'expected tcp://HOST[:502], rtu+tcp://HOST:PORT, or a serial port such as /dev/serial/by-id/usb-....',
    );
  }
  return text;
}

/** A unit id from 0 to 255. @throws InvalidArgumentError */
export function unitIdArgument(text: string): number {
  const id = wholeNumberArgument(text);
  if (id > 255) throw new InvalidArgumentError('expected a unit id from 0 to 255.');
  return id;
}

function stopBitsArgument(text: string): 1 | 2 {
  if (text === '1') return 1;
  if (text === '2') return 2;
  throw new InvalidArgumentError('expected 1 or 2.');
}

/** 0 would hang the line up. */
function baudRateArgument(text: string): number {
  const rate = wholeNumberArgument(text);
  if (rate < BAUD_RATE_MIN) throw new InvalidArgumentError(`expected a number from ${BAUD_RATE_MIN} on.`);
  return rate;
}
