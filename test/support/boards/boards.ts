import { readFileSync } from 'node:fs';
import type { BoardFacts } from '#profiles/facts.ts';

/** A board as its device tree or its firmware describes it, and the profile that should be found. */
export interface KnownBoard {
  readonly profile: string;
  readonly facts: BoardFacts;
}

const arm = (profile: string, model: string, ...compatible: string[]): KnownBoard => ({
  profile,
  facts: { compatible, model, arch: 'arm64' },
});

/** Strings as the boards' own systems give them; the firmware of a Raspberry Pi appends the revision to the model. */
export const KNOWN_BOARDS: readonly KnownBoard[] = [
  arm('rpi-zero-2w', 'Raspberry Pi Zero 2 W Rev 1.0', 'raspberrypi,model-zero-2-w', 'brcm,bcm2837'),
  arm('rpi-3b-plus', 'Raspberry Pi 3 Model B Plus Rev 1.3', 'raspberrypi,3-model-b-plus', 'brcm,bcm2837'),
  arm('rpi-3b-plus', 'Raspberry Pi 3 Model B+', 'raspberrypi,3-model-b-plus', 'brcm,bcm2837'),
  arm('rpi-4b', 'Raspberry Pi 4 Model B Rev 1.4', 'raspberrypi,4-model-b', 'brcm,bcm2711'),
  arm('rpi-4b', 'Raspberry Pi 400 Rev 1.0', 'raspberrypi,400', 'brcm,bcm2711'),
  arm('rpi-5', 'Raspberry Pi 5 Model B Rev 1.0', 'raspberrypi,5-model-b', 'brcm,bcm2712'),
  arm('rpi-common', 'Raspberry Pi 3 Model B Rev 1.2', 'raspberrypi,3-model-b', 'brcm,bcm2837'),
  arm('rpi-common', 'Raspberry Pi Compute Module 4', 'raspberrypi,4-compute-module', 'brcm,bcm2711'),
  arm('revpi', 'RevPi Connect 4', 'kunbus,revpi-connect-4', 'brcm,bcm2711'),
  arm('revpi', 'RevPi Core', 'kunbus,revpi-core', 'brcm,bcm2837', 'brcm,bcm2836', 'brcm,bcm2835'),
  arm(
    'revpi',
    'Raspberry Pi Compute Module 4S Rev 1.0',
    'raspberrypi,4-compute-module-s',
    'kunbus,revpi-flat-s-2022',
    'brcm,bcm2711',
  ),
  arm('generic-arm64', 'OrangePi Zero2', 'xunlong,orangepi-zero2', 'allwinner,sun50i-h616'),
  arm('generic-arm64', 'Radxa ROCK 5B', 'radxa,rock-5b', 'rockchip,rk3588'),
  arm('vm', 'linux,dummy-virt', 'linux,dummy-virt'),
  {
    profile: 'generic-armv7',
    facts: {
      compatible: ['ti,am335x-bone-black', 'ti,am335x-bone', 'ti,am33xx'],
      model: 'TI AM335x BeagleBone Black',
      arch: 'arm',
    },
  },
  {
    profile: 'generic-x64',
    facts: {
      compatible: [],
      dmi: { sysVendor: 'Dell Inc.', productName: 'Latitude 5490', boardName: '0PVXVT' },
      arch: 'x64',
    },
  },
  {
    profile: 'vm',
    facts: {
      compatible: [],
      dmi: { sysVendor: 'QEMU', productName: 'Standard PC (Q35 + ICH9, 2009)' },
      arch: 'x64',
    },
  },
  {
    profile: 'vm',
    facts: {
      compatible: [],
      dmi: { sysVendor: 'Microsoft Corporation', productName: 'Virtual Machine' },
      arch: 'x64',
    },
  },
  {
    profile: 'generic-x64',
    facts: {
      compatible: [],
      dmi: { sysVendor: 'Microsoft Corporation', productName: 'Surface Pro 7' },
      arch: 'x64',
    },
  },
  { profile: 'container', facts: { compatible: [], container: 'docker', arch: 'x64' } },
];

/** Model and `compatible` of the boards in Debian's arm64 kernel, one a line. */
export function debianBoards(): BoardFacts[] {
  return readFileSync(new URL('./debian-arm64.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [model = '', compatible = ''] = line.split('\t');
      return { model, compatible: compatible.split(' '), arch: 'arm64' };
    });
}
