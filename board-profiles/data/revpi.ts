import type { ProfileSource } from '../schema.ts';

/** Industrial computers around a Compute Module: they also carry a Raspberry Pi's revision and firmware. */
export const revpi: ProfileSource = {
  schema: 1,
  id: 'revpi',
  title: 'Revolution Pi',
  extends: 'rpi-common',
  match: { compatible: ['kunbus,revpi-*'], model: '(RevPi|Revolution Pi)', priority: 60 },
  storage: { medium: 'emmc' },
  serialPorts: [{ path: '/dev/ttyRS485', label: 'RS-485 terminal', rs485: true }],
  clock: { rtc: 'present' },
};
