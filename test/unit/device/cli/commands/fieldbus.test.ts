import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridvine } from '../run.ts';

test('what is no address, register, unit id or speed is refused before anything is opened', async () => {
  const cases: readonly (readonly [argv: readonly string[], said: RegExp])[] = [
    [['vedirect', 'ttyUSB0'], /expected a serial port such as \/dev\/serial\/by-id/],
    [['vedirect', 'tcp://10.0.0.7'], /expected a serial port/],
    [['vedirect', '/dev/ttyUSB0', '--get', '0x10000'], /expected a register from 0 to 0xFFFF/],
    [['modbus', 'read', 'rtu+tcp://10.0.0.7', '--at', '0'], /expected tcp:\/\/HOST\[:502\]/],
    [['modbus', 'read', 'tcp://10.0.0.7'], /--at/],
    [['modbus', 'read', 'tcp://10.0.0.7', '--at', '65536'], /expected an address from 0 to 65535/],
    [['modbus', 'read', 'tcp://10.0.0.7', '--at', '0', '--count', '126'], /expected 1 to 125/],
    [
      ['modbus', 'read', 'tcp://10.0.0.7', '--at', '0', '--unit-id', '256'],
      /expected a unit id from 0 to 255/,
    ],
    [['modbus', 'read', 'tcp://10.0.0.7', '--at', '0', '--stop-bits', '3'], /expected 1 or 2/],
    [['modbus', 'read', '/dev/ttyUSB0', '--at', '0', '--baud-rate', '0'], /expected a number from 50 on/],
    [['modbus', 'scan', 'tcp://10.0.0.7', '--unit-ids', '1-2-3'], /expected a range such as 1-32/],
    [['modbus', 'scan', 'tcp://10.0.0.7', '--unit-ids', '9-1'], /expected at least one unit id/],
    [['sunspec', 'dump', '10.0.0.7'], /expected tcp/],
    [['source', 'test', 'x', '--speed', '0'], /expected a number from 0\.01 to 10000/],
  ];
  for (const [argv, said] of cases) {
    const { code, stderr } = await gridvine(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, said, argv.join(' '));
  }
});
