import { type FilePort, replaceFile, setAside } from '../storage/file-port.ts';
import { assert, type TestFunction } from './check.ts';

/** A file system to try, and an empty directory in it that it may fill. */
export interface FilesUnderTest {
  readonly files: FilePort;
  readonly directory: string;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** What holds for every `FilePort`: call it with your framework's `test`, a name, and what makes one for each case. */
export function fileCompliance(
  tell: TestFunction,
  name: string,
  make: () => Promise<FilesUnderTest> | FilesUnderTest,
): void {
  const test = (title: string, body: (files: FilePort, at: (file: string) => string) => Promise<void>) =>
    tell(`${name}: ${title}`, async () => {
      const { files, directory } = await make();
      await body(files, (file) => `${directory}/${file}`);
    });

  test('a file that is not there is read as undefined, has no mode, and may be removed', async (files, at) => {
    assert.equal(await files.read(at('none')), undefined);
    assert.equal(await files.modeOf(at('none')), undefined);
    await files.remove(at('none'));
  });

  test('what was written is read back byte for byte, and replaced as a whole', async (files, at) => {
    const all = Uint8Array.from({ length: 5_000 }, (_, i) => i & 255);
    await files.writeSynced(at('a'), all);
    assert.deepEqual(await files.read(at('a')), all);
    await files.writeSynced(at('a'), bytes('short'));
    assert.deepEqual(await files.read(at('a')), bytes('short'));
    await files.writeSynced(at('a'), new Uint8Array(0));
    assert.deepEqual(await files.read(at('a')), new Uint8Array(0));
  });

  test('a new file is its owner\u2019s alone', async (files, at) => {
    await files.writeSynced(at('secret'), bytes('x'));
    assert.equal(((await files.modeOf(at('secret'))) ?? 0o777) & 0o077, 0);
  });

  test('bytes are nobody else\u2019s: neither those given nor those read may change the file', async (files, at) => {
    const given = bytes('given');
    await files.writeSynced(at('a'), given);
    given[0] = 0;
    const read = await files.read(at('a'));
    assert.deepEqual(read, bytes('given'));
    if (read !== undefined) read[1] = 0;
    assert.deepEqual(await files.read(at('a')), bytes('given'));
  });

  test('writing over a file of the same length leaves the new content', async (files, at) => {
    await files.writeSynced(at('a'), bytes('before'));
    await files.overwriteSynced(at('a'), bytes('behind'));
    assert.deepEqual(await files.read(at('a')), bytes('behind'));
  });

  test('a rename replaces what is there, and takes the old name away', async (files, at) => {
    await files.writeSynced(at('a'), bytes('new'));
    await files.writeSynced(at('b'), bytes('old'));
    await files.rename(at('a'), at('b'));
    assert.deepEqual([await files.read(at('a')), await files.read(at('b'))], [undefined, bytes('new')]);
  });

  test('a rename of what is not there rejects with the code ENOENT', async (files, at) => {
    const code = await files.rename(at('none'), at('b')).then(
      () => 'done',
      (error: unknown) => (error as { code?: unknown }).code,
    );
    assert.equal(code, 'ENOENT');
  });

  test('a directory lists the names of its files', async (files, at) => {
    const directory = at('').slice(0, -1);
    for (const file of ['b', 'a', 'a.tmp']) await files.writeSynced(at(file), bytes(file));
    await files.remove(at('b'));
    assert.deepEqual((await files.list(directory)).sort(), ['a', 'a.tmp']);
  });

  test('a file is replaced, and set aside, by these means', async (files, at) => {
    const directory = at('').slice(0, -1);
    await replaceFile(files, at('state'), bytes('1'));
    await replaceFile(files, at('state'), bytes('2'));
    assert.deepEqual(await files.list(directory), ['state']);
    for (const n of [1, 2]) {
      assert.equal(await setAside(files, directory, 'state'), at(`state.corrupt-${n}`));
      await replaceFile(files, at('state'), bytes('3'));
    }
  });

  test('a directory has one holder at a time, where it is held here', async (files, at) => {
    if (files.lock === undefined) return;
    const directory = at('').slice(0, -1);
    const release = await files.lock(directory);
    await assert.rejects(files.lock(directory), 'a second holder');
    release();
    (await files.lock(directory))();
  });
}
