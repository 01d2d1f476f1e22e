import type { ProfileSource } from '../schema.ts';

export const genericX64: ProfileSource = {
  schema: 1,
  id: 'generic-x64',
  title: 'Any 64-bit x86 machine',
  extends: 'linux-common',
  match: { arch: ['x64'], priority: 0 },
  limits: { heapMiBMax: 256, recordsMax: 100_000 },
  storage: { medium: 'ssd' },
  clock: { rtc: 'present' },
};

export const genericArm64: ProfileSource = {
  schema: 1,
  id: 'generic-arm64',
  title: 'Any 64-bit ARM board',
  extends: 'linux-common',
  match: { arch: ['arm64'], priority: 0 },
  // An unknown board is taken for one with an SD card: sparing the flash costs little where there is none.
  storage: { medium: 'sd', syncIntervalMs: 30_000 },
};

export const genericArmv7: ProfileSource = {
  schema: 1,
  id: 'generic-armv7',
  title: 'Any 32-bit ARM board',
  extends: 'linux-common',
  match: { arch: ['armv7'], priority: 0 },
  limits: { heapMiBMax: 96, recordsMax: 20_000, ownersMax: 500 },
  storage: { medium: 'sd', syncIntervalMs: 30_000 },
};

/** A container hides the board's sensors, its watchdog and mostly its network. */
export const container: ProfileSource = {
  schema: 1,
  id: 'container',
  title: 'Container',
  extends: 'linux-common',
  match: { container: true, priority: 20 },
  sensors: { thermalZones: [] },
  watchdog: { mode: 'none' },
  storage: { medium: 'volatile' },
  clock: { rtc: 'none' },
};

export const virtualMachine: ProfileSource = {
  schema: 1,
  id: 'vm',
  title: 'Virtual machine',
  extends: 'linux-common',
  match: {
    compatible: ['linux,dummy-virt', 'qemu,*'],
    dmi: [
      { sysVendor: '^(QEMU|VMware|innotek GmbH|Xen|Amazon EC2|Parallels|OpenStack|DigitalOcean|Hetzner)' },
      { productName: '^(KVM|Standard PC|VirtualBox|Google Compute Engine|OpenStack)' },
      { sysVendor: '^Microsoft Corporation$', productName: '^Virtual Machine$' },
    ],
    priority: 10,
  },
  sensors: { thermalZones: [] },
  limits: { heapMiBMax: 256, recordsMax: 100_000 },
  storage: { medium: 'ssd' },
  clock: { rtc: 'present' },
};
