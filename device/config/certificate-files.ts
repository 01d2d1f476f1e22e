import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GridvineError } from '#runtime/core/errors.ts';
import type { ArmoredObject } from '#runtime/pki/armor.ts';
import { CHAIN_LENGTH_MAX } from '#runtime/pki/chain.ts';
import { objectsOfFile } from '../ca/object-view.ts';
import { readWhole } from '../ca/private-file.ts';

/** Where `gridvine identity install` puts a certificate, in the data directory. */
export const CERTIFICATE_FILE = 'node.cert';

/** What of the configuration says where certificates are. */
export interface CertificatePlaces {
  readonly dataDir: string;
  readonly security: {
    readonly certificate?: string | undefined;
    readonly roots?: readonly string[] | undefined;
  };
}

/** A node's certificates and the roots that it trusts, as signed. What they are worth is judged by whoever takes them. */
export interface CertificateFiles {
  /** The node's own certificate, then its registrar's. */
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
}

/** The file that holds this node's certificate. */
export function certificatePath({ dataDir, security }: CertificatePlaces): string {
  return security.certificate ?? join(dataDir, CERTIFICATE_FILE);
}

/**
 * Reads the files of a cluster of certificates: the CA puts the roots into the same file as the certificate, and files of their own
 * count instead of them where the configuration names any.
 * @throws GridvineError `E_CERTIFICATE`, naming the file and the next step.
 */
export function readCertificateFiles(places: CertificatePlaces): CertificateFiles {
  const path = certificatePath(places);
  if (!existsSync(path))
    throw certificateError(
      `security.certificate ${path}: expected this node's certificate; there is no such file. Make a request (gridvine identity request), have the CA issue it (gridvine ca issue), and install the result: gridvine identity install FILE`,
    );
  const objects = readObjects('security.certificate', path);
  const { roots: rootFiles } = places.security;
  return {
    chain: chainOf('security.certificate', path, objects),
    roots:
      rootFiles === undefined
        ? rootsOf('security.certificate', path, objects)
        : rootFiles.flatMap((file, i) => {
            const key = `security.roots[${i}]`;
            return rootsOf(key, file, readObjects(key, file));
          }),
  };
}

function readObjects(key: string, path: string): readonly ArmoredObject[] {
  try {
    const bytes = readWhole(path, 'public');
    if (bytes === undefined) throw certificateError(`${path}: no such file`);
    return objectsOfFile(path, bytes);
  } catch (error) {
    if (!(error instanceof GridvineError)) throw error;
    throw certificateError(`${key} ${error.message}`);
  }
}

/** The certificates among the objects of a file. @throws GridvineError `E_CERTIFICATE`. */
export function chainOf(key: string, path: string, objects: readonly ArmoredObject[]): Uint8Array[] {
  const chain = objects.flatMap(({ kind, bytes }) => (kind === 'certificate' ? [bytes] : []));
  if (chain.length >= 1 && chain.length <= CHAIN_LENGTH_MAX) return chain;
  const kinds = [...new Set(objects.map(({ kind }) => kind))].join(', ');
  throw certificateError(
    `${key} ${path}: expected one certificate, or two where a registrar issued it; got ${chain.length === 0 ? `none (${kinds})` : chain.length}. Bring the file that gridvine ca issue wrote for this board`,
  );
}

/** The roots among the objects of a file. @throws GridvineError `E_CERTIFICATE`. */
export function rootsOf(key: string, path: string, objects: readonly ArmoredObject[]): Uint8Array[] {
  const roots = objects.flatMap(({ kind, bytes }) => (kind === 'root' ? [bytes] : []));
  if (roots.length > 0) return roots;
  throw certificateError(
    `${key} ${path}: expected the roots of the cluster; got none. Name the CA's root.cert in security.roots`,
  );
}

function certificateError(message: string): GridvineError {
  return new GridvineError('E_CERTIFICATE', message);
}
