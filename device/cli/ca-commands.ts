import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { problemOfClusterName } from '#runtime/crypto/cluster.ts';
import type { Identity } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { SystemRandom } from '#runtime/driver/system-random.ts';
import { armor } from '#runtime/pki/armor.ts';
import type { Certificate } from '#runtime/pki/certificate.ts';
import { formatSeconds } from '#runtime/pki/refusal.ts';
import { type CertificateRequest, verifyRequest } from '#runtime/pki/request.ts';
import {
  type CaWorld,
  type IssueOptions,
  initCa,
  issueBundle,
  issueForRequest,
  presentPolicy,
  revocationTarget,
  revoke,
  rotateRoot,
  setPolicy,
  unlockRoot,
} from '../ca/ca-actions.ts';
import { CaDirectory, ROOT_CERT, STATEMENTS } from '../ca/ca-directory.ts';
import { caError } from '../ca/ca-error.ts';
import { activeRoot, rootStatements } from '../ca/ca-state.ts';
import { viewCa, viewPolicy, viewRoster } from '../ca/ca-view.ts';
import { objectsOfFile, viewObject } from '../ca/object-view.ts';
import { newPassphrase, type PassphraseSource, presentPassphrase } from '../ca/passphrase.ts';
import { changedPolicy } from '../ca/policy-changes.ts';
import { readWhole, writeWhole } from '../ca/private-file.ts';
import { nextRoster, setRoster } from '../ca/roster-actions.ts';
import { askOnTerminal } from '../ca/terminal-secret.ts';
import { printCa, printObject, printPolicy, printRoster } from './ca-text.ts';
import type {
  CaFlags,
  InitFlags,
  IssueFlags,
  PolicyFlags,
  RevokeFlags,
  RosterFlags,
  RotateFlags,
} from './commands/ca.ts';
import { CliError, type CliIo, EXIT } from './io.ts';
import { plain, printJson, printLines } from './output.ts';

const DEFAULT_DIRECTORY = 'gridvine-ca';

export async function runInit(io: CliIo, flags: InitFlags): Promise<void> {
  const path = directoryOf(io, flags);
  const problem = problemOfClusterName(flags.cluster);
  if (problem !== undefined) throw new CliError(`--cluster: ${problem}`, EXIT.usage);
  if (existsSync(join(path, 'index')))
    throw caError(`${path}: there is a CA already. Name another directory by --dir`);
  const passphrase = await newPassphrase(sourceOf(io, flags), `the new root of ${plain(flags.cluster)}`);
  const world = worldOf(io);
  initCa(world, { path, cluster: flags.cluster, validSeconds: flags.valid, passphrase });
  await withCa(io, flags, ({ directory }) => {
    const { expires } = activeRoot(directory.state);
    printLines(io, [
      `made the CA of cluster ${plain(flags.cluster)} in ${path}; its root counts until ${formatSeconds(expires)}`,
      `copy ${join(path, ROOT_CERT)} to every board`,
      'keep the directory offline, with a backup; without its passphrase it is worth nothing to you either',
    ]);
  });
}

export async function runIssue(io: CliIo, what: string, flags: IssueFlags): Promise<void> {
  const options = issueOptions(flags);
  await withRoot(io, flags, (ca) => {
    const request = readRequest(ca.world, what);
    const out =
      flags.out ?? `${fileName(request?.name ?? what)}.${request === undefined ? 'bundle' : 'cert'}`;
    if (existsSync(out))
      throw caError(`${out}: expected no such file; it is there. Move it, or name another by --out`);
    if (request !== undefined) {
      const certificate = issueForRequest(ca.world, ca, request, options);
      const roots = rootStatements(ca.directory.state).map((bytes) => armor({ kind: 'root', bytes }));
      const text = [armor({ kind: 'certificate', bytes: certificate.signed.bytes }), ...roots].join('');
      handOver(certificate, () =>
        writeWhole(out, new TextEncoder().encode(text), { secrecy: 'public', whenThere: 'refuse' }),
      );
      printLines(io, [issuedLine(certificate), `bring ${out} to that board`]);
      return;
    }
    const { certificate, bundle } = issueBundle(ca.world, ca, what, options);
    handOver(certificate, () => writeWhole(out, bundle, { secrecy: 'secret', whenThere: 'refuse' }));
    printLines(io, [
      issuedLine(certificate),
      `${out} holds its secret key: bring it to that board, and delete it here`,
    ]);
  });
}

export async function runRevoke(io: CliIo, what: string, flags: RevokeFlags): Promise<void> {
  await withRoot(io, flags, (ca) => {
    const target = revocationTarget(ca.directory.state, what);
    const text = armor({ kind: 'revocation', bytes: revoke(ca.world, ca, { target, reason: flags.reason }) });
    if (flags.out === undefined) io.stdout.write(text);
    else writeWhole(flags.out, new TextEncoder().encode(text), { secrecy: 'public', whenThere: 'refuse' });
    const whom = target.kind === 'node' ? 'board and all its certificates' : 'certificate';
    io.stderr.write(`gridvine: ${whom} revoked; it takes effect once one live board has this statement\n`);
  });
}

export async function runPolicy(io: CliIo, flags: PolicyFlags): Promise<void> {
  const { write, right, drop } = flags;
  if (write.length + right.length + drop.length > 0) {
    await withRoot(io, flags, (ca) => {
      setPolicy(ca.world, ca, changedPolicy(presentPolicy(ca.directory.state), { write, right, drop }));
      io.stderr.write(`gridvine: bring ${join(ca.directory.path, STATEMENTS)} to one live board\n`);
    });
  }
  await withCa(io, flags, ({ directory }) => {
    const view = viewPolicy(presentPolicy(directory.state));
    if (flags.json) printJson(io, { schema: 'gridvine.policy/1', ...view });
    else printPolicy(io, view);
  });
}

export async function runRoster(io: CliIo, words: readonly string[], flags: RosterFlags): Promise<void> {
  const { settled, instead } = flags;
  const asked = { words, settled, instead };
  if (settled === true && instead === true)
    throw new CliError('--settled, --instead: expected one of them; got both', EXIT.usage);
  if (words.length > 0) {
    // Before a person types a passphrase for nothing.
    await withCa(io, flags, ({ directory, world }) => {
      nextRoster(directory.state, asked, world.nowSeconds);
    });
    await withRoot(io, flags, (ca) => {
      setRoster(ca.world, ca, nextRoster(ca.directory.state, asked, ca.world.nowSeconds));
      io.stderr.write(`gridvine: bring ${join(ca.directory.path, STATEMENTS)} to one live board\n`);
    });
  }
  await withCa(io, flags, ({ directory }) => {
    const view = viewRoster(directory.state);
    if (flags.json) printJson(io, { schema: 'gridvine.roster/1', ...view });
    else printRoster(io, view);
  });
}

export async function runRotate(io: CliIo, flags: RotateFlags): Promise<void> {
  await withRoot(io, flags, (ca) => {
    rotateRoot(ca.world, ca, { validSeconds: flags.valid });
    printLines(io, [
      `made the next root; it signs from now on, and the one before still counts`,
      `bring ${join(ca.directory.path, STATEMENTS)} to one live board before anything new that it signs`,
    ]);
  });
}

export async function runShow(io: CliIo, file: string | undefined, flags: CaFlags): Promise<void> {
  if (file === undefined) {
    await withCa(io, flags, ({ directory, world }) => {
      const view = viewCa(directory.state, world.nowSeconds);
      if (flags.json) printJson(io, view);
      else printCa(io, view);
    });
    return;
  }
  const bytes = readWhole(file, 'public');
  if (bytes === undefined) throw caError(`${file}: no such file`);
  const { provider } = worldOf(io);
  const objects = objectsOfFile(file, bytes).map((object) => viewObject(provider, file, object));
  if (flags.json) printJson(io, { schema: 'gridvine.ca-file/1', objects });
  else for (const object of objects) printObject(io, object);
}

interface OpenCa {
  readonly world: CaWorld;
  readonly directory: CaDirectory;
}

interface UnlockedCa extends OpenCa {
  readonly root: Identity;
  readonly passphrase: Uint8Array;
}

async function withCa(io: CliIo, flags: CaFlags, action: (ca: OpenCa) => void): Promise<void> {
  const world = worldOf(io);
  const directory = await CaDirectory.open(world.provider, directoryOf(io, flags));
  try {
    action({ world, directory });
  } finally {
    directory.close();
  }
}

async function withRoot(io: CliIo, flags: CaFlags, action: (ca: UnlockedCa) => void): Promise<void> {
  const world = worldOf(io);
  const directory = await CaDirectory.open(world.provider, directoryOf(io, flags));
  try {
    // Before a person types a passphrase for nothing.
    directory.readKeyFile(activeRoot(directory.state).kid);
    const passphrase = await presentPassphrase(
      sourceOf(io, flags),
      `the root of ${plain(directory.state.cluster)}`,
    );
    const root = unlockRoot(world, directory, passphrase);
    action({ world, directory, root, passphrase });
  } finally {
    directory.close();
  }
}

function worldOf(io: CliIo): CaWorld {
  const nowSeconds = io.nowSeconds?.() ?? Math.floor(Date.now() / 1_000);
  const world = { provider: createNodeProvider(), random: new SystemRandom(), nowSeconds };
  return io.passphraseCost === undefined ? world : { ...world, cost: io.passphraseCost };
}

function directoryOf(io: CliIo, { dir }: CaFlags): string {
  return dir ?? io.env.GRIDVINE_CA_DIR ?? DEFAULT_DIRECTORY;
}

function sourceOf(io: CliIo, { passphraseFile }: CaFlags): PassphraseSource {
  const ask = io.askSecret ?? askOnTerminal;
  return passphraseFile === undefined ? { ask } : { ask, file: passphraseFile };
}

function issueOptions(flags: IssueFlags): IssueOptions {
  if (flags.registrar === undefined && flags.mayIssue.length > 0)
    throw new CliError('--may-issue: expected --registrar too; a device issues nothing', EXIT.usage);
  return {
    groups: flags.group,
    validSeconds: flags.valid,
    again: flags.again === true,
    ...(flags.registrar === undefined
      ? {}
      : { issuer: { groups: [...new Set(flags.mayIssue)].sort(), validitySecondsMax: flags.longest } }),
  };
}

/** A request, where the word names a file. */
function readRequest({ provider }: CaWorld, what: string): CertificateRequest | undefined {
  const bytes = readWhole(what, 'public');
  if (bytes === undefined) {
    if (/[/\\]|\.(request|csr|pem|txt)$/.test(what))
      throw caError(`${what}: no such file; expected a request or a name`);
    return undefined;
  }
  const object = objectsOfFile(what, bytes).find(({ kind }) => kind === 'request');
  if (object === undefined)
    throw caError(`${what}: expected a request; make one on the board: gridvine identity request`);
  const judged = verifyRequest(provider, object.bytes);
  if ('refusal' in judged) throw caError(`${what}: ${judged.refusal.text}`);
  return judged.value;
}

/** What was signed but couldn't be written stands in the index: say so, for nobody has it. */
function handOver(certificate: Certificate, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw caError(
      `${(error as Error).message}. ${issuedLine(certificate)} all the same, and nobody has it: issue it again by --again`,
      error,
    );
  }
}

function issuedLine({ name, serial, expires, id }: Certificate): string {
  return `certified ${plain(name)} (${id}) until ${formatSeconds(expires)}, serial ${Buffer.from(serial).toString('hex')}`;
}

/** A name as a file's name: no way out of the directory, no hidden file. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]/gu, '_').replace(/^\./, '_');
}
