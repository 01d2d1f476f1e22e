import { GridvineError } from '#runtime/core/errors.ts';
import { toHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { checkCertificate } from '#runtime/driver/node-trust.ts';
import { armor } from '#runtime/pki/armor.ts';
import type { Certificate } from '#runtime/pki/certificate.ts';
import { formatSeconds } from '#runtime/pki/refusal.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { loadSeed } from '#runtime/storage/identity-file.ts';
import { nodeFiles } from '#runtime/storage/node-files.ts';
import { prepareIdentity } from '#runtime/storage/prepare-identity.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import { decodeBundle, type ProvisioningBundle } from '../ca/bundle.ts';
import { caError } from '../ca/ca-error.ts';
import { objectsOfFile } from '../ca/object-view.ts';
import { readWhole, writeWhole } from '../ca/private-file.ts';
import {
  type CertificateFiles,
  certificatePath,
  chainOf,
  readCertificateFiles,
  rootsOf,
} from '../config/certificate-files.ts';
import type { ConfigFlags } from '../config/flags.ts';
import { processPaths } from '../config/paths.ts';
import type { GridvineConfig } from '../config/schema.ts';
import { loadBoard } from '../daemon/load.ts';
import { CliError, type CliIo } from './io.ts';
import { plain, printJson, printLines } from './output.ts';

/**
 * Puts what the CA issued where this board's daemon looks for it: a certificate for this board's own keys, or a bundle that brings
 * keys with it. Nothing is changed where it doesn't fit.
 * @throws GridvineError `E_CERTIFICATE`, `E_IDENTITY`, `E_CA`, `E_DATA_DIR`.
 */
export async function installIdentity(io: CliIo, file: string, flags: ConfigFlags): Promise<void> {
  const { values } = (await loadBoard(flags, processPaths(io.env))).config;
  const provider = createNodeProvider();
  const given = readGiven(file);
  const certificate = await (given.bundle === undefined
    ? installCertificate(provider, values, given.files)
    : installBundle(provider, values, given.bundle));
  printLines(io, [
    `installed the certificate of ${plain(certificate.name)} (${certificate.id}) until ${formatSeconds(certificate.expires)} as ${certificatePath(values)}`,
  ]);
  io.stderr.write(
    values.security.mode === 'certificates'
      ? 'gridvine: it counts from the next start of the daemon on\n'
      : 'gridvine: the configuration has security.mode psk, under which no certificate is used; set it to certificates\n',
  );
}

/** Prints who this board is, and what it is certified for. */
export async function showIdentity(
  io: CliIo,
  { json, ...flags }: ConfigFlags & { readonly json?: true },
): Promise<void> {
  const { values } = (await loadBoard(flags, processPaths(io.env))).config;
  const provider = createNodeProvider();
  const seed = await loadSeed({ files: nodeFiles, directory: values.dataDir });
  if (seed === undefined)
    throw new CliError(
      `${values.dataDir}: no identity yet; it is made by the first start of the daemon, or by: gridvine identity request`,
    );
  const { id } = identityFromSeed(provider, seed);
  const found = judgeInstalled(provider, values, seed);
  if (json) {
    const { certificate, problem } = found;
    printJson(io, {
      schema: 'gridvine.identity/1',
      id,
      name: values.name,
      cluster: values.cluster,
      mode: values.security.mode,
      certificate:
        certificate === undefined
          ? null
          : {
              name: certificate.name,
              groups: certificate.groups,
              serial: toHex(certificate.serial),
              expiresMs: certificate.expires * 1_000,
            },
      problem: problem ?? null,
    });
    return;
  }
  const { certificate, problem } = found;
  printLines(io, [
    `id           ${id}`,
    `name         ${plain(values.name)}`,
    `cluster      ${plain(values.cluster)}`,
    `mode         ${values.security.mode}`,
    ...(certificate === undefined
      ? []
      : [
          `certificate  ${plain(certificate.name)}, serial ${toHex(certificate.serial)}, until ${formatSeconds(certificate.expires)}`,
          `groups       ${certificate.groups.join(', ') || '-'}`,
        ]),
    ...(problem === undefined ? [] : [`problem      ${plain(problem)}`]),
  ]);
}

function judgeInstalled(
  provider: CryptoProvider,
  values: GridvineConfig,
  seed: Uint8Array,
): { readonly certificate?: Certificate; readonly problem?: string } {
  if (values.security.mode === 'psk') return {};
  try {
    return { certificate: judge(provider, values, { seed, files: readCertificateFiles(values) }) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

interface Given {
  readonly files: CertificateFiles;
  readonly bundle?: ProvisioningBundle;
}

function readGiven(file: string): Given {
  const bytes = readWhole(file, 'public');
  if (bytes === undefined) throw caError(`${file}: no such file; expected what gridvine ca issue wrote`);
  if (decodeBundle(bytes) !== undefined) {
    // Once more, as the secret that it is.
    const bundle = decodeBundle(readWhole(file, 'secret') ?? bytes);
    if (bundle !== undefined) return { files: bundle, bundle };
  }
  const objects = objectsOfFile(file, bytes);
  return {
    files: { chain: chainOf('certificate', file, objects), roots: rootsOf('certificate', file, objects) },
  };
}

async function installCertificate(
  provider: CryptoProvider,
  values: GridvineConfig,
  files: CertificateFiles,
): Promise<Certificate> {
  const seed = await loadSeed({ files: nodeFiles, directory: values.dataDir });
  if (seed === undefined)
    throw new CliError(
      `${values.dataDir}: expected this board's identity, for which the certificate is; there is none. Name its data directory (--data-dir), or make a request there: gridvine identity request`,
    );
  const certificate = judge(provider, values, { seed, files });
  writeCertificate(values, files);
  return certificate;
}

async function installBundle(
  provider: CryptoProvider,
  values: GridvineConfig,
  bundle: ProvisioningBundle,
): Promise<Certificate> {
  const held = await DataDir.open(values.dataDir);
  try {
    const place = { files: nodeFiles, directory: held.path };
    const certificate = judge(provider, values, { seed: bundle.seed, files: bundle });
    const { seed } = await prepareIdentity({ ...place, randomBytes: () => bundle.seed });
    if (!Buffer.from(seed).equals(bundle.seed))
      throw new GridvineError(
        'E_IDENTITY',
        `${held.path}: expected no identity yet; this board has one, and would lose it. Name another data directory (--data-dir), or have the CA certify this one: gridvine identity request`,
      );
    writeCertificate(values, bundle);
    return certificate;
  } finally {
    held.close();
  }
}

function judge(
  provider: CryptoProvider,
  { cluster }: GridvineConfig,
  { seed, files: { chain, roots } }: { readonly seed: Uint8Array; readonly files: CertificateFiles },
): Certificate {
  const anchors = TrustAnchors.of(provider, cluster, roots);
  if ('refusal' in anchors) throw caError(anchors.refusal.text);
  const identity: Identity = identityFromSeed(provider, seed);
  const { publicKey: agreementKey } = agreementKeyOf(provider, seed);
  const law = new FleetLaw(provider, anchors.value);
  return checkCertificate(provider, { chain, law, identity, agreementKey });
}

function writeCertificate(values: GridvineConfig, { chain, roots }: CertificateFiles): void {
  const text = [
    ...chain.map((bytes) => armor({ kind: 'certificate', bytes })),
    ...roots.map((bytes) => armor({ kind: 'root', bytes })),
  ].join('');
  writeWhole(certificatePath(values), new TextEncoder().encode(text), {
    secrecy: 'public',
    whenThere: 'replace',
  });
}
