import type { ArmoredObject } from '#runtime/pki/armor.ts';
import { armor } from '#runtime/pki/armor.ts';
import { caError } from '../ca/ca-error.ts';
import { objectsOfFile } from '../ca/object-view.ts';
import { readWhole } from '../ca/private-file.ts';
import { ApiClient } from './api-client.ts';
import { CliError, type CliIo } from './io.ts';
import { plain, printJson, printLines } from './output.ts';

const PUBLIC_KINDS: ReadonlySet<string> = new Set(['root', 'revocation', 'policy', 'roster']);
const INPUT_BYTES_MAX = 8_000_000;

export interface PublishFlags {
  readonly socket?: string;
  readonly json?: true;
}

interface Published {
  readonly kind: string;
  /** Null: refused. */
  readonly isNew: boolean | null;
  readonly refusal: string | null;
}

/**
 * Brings what a CA signed to the cluster of the daemon on this machine.
 * @throws CliError 1 where the daemon refused some of it; GridvineError `E_CA` where the file holds something else, and nothing was sent.
 */
export async function runPublish(io: CliIo, file: string, { socket, json }: PublishFlags): Promise<void> {
  const objects = await readStatements(io, file);
  const client = new ApiClient({ io, socket });
  const published: Published[] = [];
  for (const object of objects) published.push(await publish(client, object));
  const refused = published.filter(({ refusal }) => refusal !== null);
  if (json) printJson(io, { schema: 'gridvine.published/1', objects: published });
  else
    printLines(
      io,
      published.flatMap(({ kind, isNew }) => (isNew === null ? [] : [lineOf(kind, isNew)])),
    );
  if (refused.length > 0)
    throw new CliError(
      refused.map(({ kind, refusal }) => `${file}: ${kind}: ${plain(refusal ?? '')}`).join('\n'),
    );
}

async function readStatements(io: CliIo, file: string): Promise<readonly ArmoredObject[]> {
  const bytes = file === '-' ? await readInput(io) : readWhole(file, 'public');
  if (bytes === undefined) throw caError(`${file}: no such file; expected what gridvine ca revoke wrote`);
  const objects = objectsOfFile(file, bytes);
  const other = objects.find(({ kind }) => !PUBLIC_KINDS.has(kind));
  if (other !== undefined)
    throw caError(
      `${file}: expected revocations, a policy, a roster or roots; got a ${other.kind}, which is for one board: gridvine identity install`,
    );
  return objects;
}

async function publish(client: ApiClient, object: ArmoredObject): Promise<Published> {
  const { kind } = object;
  try {
    const { isNew } = await client.call<{ isNew: boolean }>('POST', '/v1/trust/proclaim', {
      signed: armor(object),
    });
    return { kind, isNew, refusal: null };
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== 1) throw error;
    return { kind, isNew: null, refusal: error.message };
  }
}

function lineOf(kind: string, isNew: boolean): string {
  return isNew ? `${kind}: counts from now on, and is told to all members` : `${kind}: was known already`;
}

async function readInput({ stdin }: CliIo): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin ?? []) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    chunks.push(bytes);
    length += bytes.length;
    if (length > INPUT_BYTES_MAX) throw caError(`stdin: expected at most ${INPUT_BYTES_MAX} bytes`);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
