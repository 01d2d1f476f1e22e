import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { createWorkspace, removeOrphaned, type Workspace } from '#device/demo/workspace.ts';

const made: Workspace[] = [];

function create(): Workspace {
  const workspace = createWorkspace();
  made.push(workspace);
  return workspace;
}

afterEach(() => {
  for (const workspace of made.splice(0)) workspace.remove();
});

describe('the workspace of a demo', () => {
  it('is private, with a key of 32 bytes that only its owner can read', () => {
    const { directory, keyFile } = create();
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.equal(Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64').length, 32);
  });

  it('has a cluster name and a key that no other demo has', () => {
    const [a, b] = [create(), create()];
    assert.notEqual(a.cluster, b.cluster);
    assert.notEqual(readFileSync(a.keyFile, 'utf8'), readFileSync(b.keyFile, 'utf8'));
  });

  it('is gone after it was removed, also a second time', () => {
    const workspace = create();
    writeFileSync(join(workspace.nodeDirectory('roof'), 'x'), '');
    workspace.remove();
    workspace.remove();
    assert.equal(existsSync(workspace.directory), false);
  });

  it('leaves room for a socket in it, however long the name of the temporary folder is', () => {
    const before = process.env.TMPDIR;
    const long = join(tmpdir(), 'x'.repeat(90));
    mkdirSync(long, { recursive: true });
    process.env.TMPDIR = long;
    try {
      assert.ok(join(create().nodeDirectory('roof'), 'api.sock').length <= 107);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(long, { recursive: true });
    }
  });

  it('is removed by the last of its daemons when the demo was killed', () => {
    const { directory, nodeDirectory } = create();
    const [a, b] = [nodeDirectory('a'), nodeDirectory('b')];
    removeOrphaned(a);
    assert.equal(existsSync(a), false);
    assert.equal(existsSync(b), true);
    removeOrphaned(b);
    assert.equal(existsSync(directory), false);
  });

  it('removes nothing that is not of a demo', () => {
    const { nodeDirectory } = create();
    const foreign = join(nodeDirectory('roof'), 'folder');
    mkdirSync(foreign);
    removeOrphaned(foreign);
    assert.equal(existsSync(foreign), true);
    assert.equal(existsSync(dirname(foreign)), true);
  });
});
