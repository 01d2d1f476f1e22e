import type { NodeOptions } from '#runtime/driver/node-options.ts';
import { readKeyFile } from './key-file.ts';
import type { GridvineConfig } from './schema.ts';

/** By what a node is let into its cluster: a key, or certificates. */
export type NodeSecrets = Pick<NodeOptions, 'psk' | 'certificates'>;

/** Reads the files that the configuration names for it. @throws GridvineError `E_KEY_FILE`, `E_CERTIFICATE`. */
export async function readNodeSecrets(values: GridvineConfig): Promise<NodeSecrets> {
  const { security } = values;
  if (security.mode === 'psk') return { psk: readKeyFile(values.keyFile) };
  const { readCertificateFiles } = await import('./certificate-files.ts');
  const { unsignedPrefixes, epoch, registrar } = security;
  return {
    certificates: {
      ...readCertificateFiles(values),
      ...(unsignedPrefixes === undefined ? {} : { unsignedPrefixes }),
      ...(epoch === undefined ? {} : { epochMs: epoch }),
      ...(registrar === undefined ? {} : { registrar }),
    },
  };
}
