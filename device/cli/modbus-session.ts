import type { HealthItem } from '#bridge/health.ts';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import { exceptionText } from '#bridge/protocols/modbus/read-request.ts';
import { type BusResult, ModbusBus } from '#bridge/sources/modbus/modbus-bus.ts';
import { busOptions } from '#bridge/sources/modbus/modbus-config.ts';
import { CliError } from './io.ts';
import type { ModbusLineOptions } from './modbus-options.ts';

/** How long a port may take to open, ms. */
const OPEN_MS_MAX = 6000;

/**
 * Runs an action with an open bus, and closes it afterwards.
 * @throws CliError where the port can't be opened, with the reason.
 */
export async function withBus<T>(
  options: ModbusLineOptions & { readonly address: string },
  action: (bus: ModbusBus) => Promise<T>,
): Promise<T> {
  const bus = new ModbusBus(
    { ...busOptions(options), silentRequestsMax: Number.POSITIVE_INFINITY },
    nodePorts({ log: () => {} }),
  );
  const opened = Promise.withResolvers<void>();
  const refuse = ({ text }: HealthItem) => opened.reject(new CliError(text));
  bus.watch({
    opened: () => opened.resolve(),
    health: (change) => {
      if (change.kind === 'raise' && change.item.code === 'port-unavailable') refuse(change.item);
    },
  });
  const timer = setTimeout(() => {
    opened.reject(
      new CliError(`${options.address}: not open within ${OPEN_MS_MAX / 1000} s; check the address`),
    );
  }, OPEN_MS_MAX);
  bus.start();
  try {
    await opened.promise;
    return await action(bus);
  } finally {
    clearTimeout(timer);
    await bus.stop();
  }
}

/** A result that is no data, as the rest of a sentence about a unit. */
export function failureText(result: BusResult): string {
  if (result.kind === 'exception') return `refuses: ${exceptionText(result.code)}`;
  return result.kind === 'failed' ? (FAILURES[result.reason] ?? result.reason) : 'answered';
}

const FAILURES: Readonly<Record<string, string>> = {
  'no-port': 'was not asked: the port was lost',
  timeout: 'does not answer; check its unit id, its power and the line (`gridvine modbus scan`)',
  damaged: 'gives damaged answers; check baud rate, parity and wiring',
  collision: 'shares its bus with another master; take that one off',
};
