import type { ProfileSource } from '../schema.ts';

/** What the Raspberry Pi boards share; also the profile of one that has none of its own. */
export const rpiCommon: ProfileSource = {
  schema: 1,
  id: 'rpi-common',
  title: 'Raspberry Pi',
  extends: 'linux-common',
  match: { compatible: ['raspberrypi,*'], model: '^Raspberry Pi ', priority: 20 },
  sensors: {
    thermalZones: ['cpu-thermal', 'cpu_thermal'],
    throttlePath: '/sys/devices/platform/soc/soc:firmware/get_throttled',
    undervoltageHwmon: 'rpi_volt',
    // The firmware lowers the clock softly from 60 and hard at 80 to 85 degrees.
    warnCelsius: 70,
    critCelsius: 80,
  },
  limits: { heapMiBMax: 128, recordsMax: 50_000, ownersMax: 1000 },
  // Raspberry Pi OS already feeds the 15 s hardware watchdog through systemd: two feeders would reset the board.
  watchdog: { mode: 'systemd', serviceTimeoutMs: 30_000, hardwareTimeoutMsMax: 15_000 },
  storage: { medium: 'sd', syncIntervalMs: 30_000, spoolMiBMax: 64, freePercentMin: 10 },
  serialPorts: [{ path: '/dev/serial0', label: 'UART on header pins 8 and 10' }],
  clock: { rtc: 'none' },
};

export const rpiZero2w: ProfileSource = {
  schema: 1,
  id: 'rpi-zero-2w',
  title: 'Raspberry Pi Zero 2 W',
  extends: 'rpi-common',
  match: {
    compatible: ['raspberrypi,model-zero-2-w', 'raspberrypi,model-zero-2'],
    model: '^Raspberry Pi Zero 2',
    revision: [0x12],
  },
  // It has 512 MB.
  limits: { heapMiBMax: 96, recordsMax: 20_000, ownersMax: 500 },
};

export const rpi3bPlus: ProfileSource = {
  schema: 1,
  id: 'rpi-3b-plus',
  title: 'Raspberry Pi 3 Model B+',
  extends: 'rpi-common',
  match: {
    compatible: ['raspberrypi,3-model-b-plus'],
    model: '^Raspberry Pi 3 Model B Plus|^Raspberry Pi 3 Model B[+]',
    revision: [0x0d],
  },
};

export const rpi4b: ProfileSource = {
  schema: 1,
  id: 'rpi-4b',
  title: 'Raspberry Pi 4 Model B, Raspberry Pi 400',
  extends: 'rpi-common',
  match: {
    compatible: ['raspberrypi,4-model-b', 'raspberrypi,400'],
    model: '^Raspberry Pi (4 Model B|400)',
    revision: [0x11, 0x13],
  },
  limits: { heapMiBMax: 192, recordsMax: 100_000 },
  storage: { spoolMiBMax: 256 },
};

export const rpi5: ProfileSource = {
  schema: 1,
  id: 'rpi-5',
  title: 'Raspberry Pi 5, Raspberry Pi 500',
  extends: 'rpi-common',
  match: {
    compatible: ['raspberrypi,5-model-b', 'raspberrypi,500'],
    model: '^Raspberry Pi (5 Model B|500)',
    revision: [0x17, 0x19],
  },
  limits: { heapMiBMax: 256, recordsMax: 100_000 },
  storage: { spoolMiBMax: 256 },
  serialPorts: [
    { path: '/dev/serial0', label: 'three-pin debug UART' },
    { path: '/dev/ttyAMA0', label: 'UART on header pins 8 and 10' },
  ],
  // It has the chip; the battery is sold separately.
  clock: { rtc: 'optional' },
};
