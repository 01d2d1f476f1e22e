import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { memberView } from '../../../support/fake-node.ts';
import { startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const BARN = 'ba'.repeat(16);

describe('gridvine forget', () => {
  test('forgets the member that is named, and says what that means', async (t) => {
    const api = await startHarness(t);
    api.node.others = [memberView({ id: BARN, name: 'barn', state: 'down' })];
    for (const name of ['barn', 'baba', BARN]) {
      const { code, stdout } = await gridvine(['forget', name, '--socket', api.socket]);
      assert.equal(code, 0);
      assert.match(stdout, /^barn is forgotten here, and by all others/);
    }
    assert.deepEqual(api.node.forgotten, [BARN, BARN, BARN]);
    const { stdout } = await gridvine(['forget', 'barn', '--json', '--socket', api.socket]);
    assert.deepEqual(JSON.parse(stdout), { schema: 'gridvine.forgotten/1', id: BARN });
  });

  test('one that is alive is refused, and so is a name that nobody has', async (t) => {
    const api = await startHarness(t);
    api.node.others = [memberView({ id: BARN, name: 'barn' })];
    api.node.refusal = new GridvineError('E_MEMBER_ALIVE', 'barn is alive: only who is down or has left');
    const { code, stderr } = await gridvine(['forget', 'barn', '--socket', api.socket]);
    assert.equal(code, 1);
    assert.match(stderr, /barn is alive/);
    assert.match((await gridvine(['forget', 'bran', '--socket', api.socket])).stderr, /did you mean barn/);
    assert.equal((await api.call('POST', `/v1/members/${BARN}/forget`)).status, 409);
    assert.equal((await api.call('POST', '/v1/members/barn/forget')).status, 404);
  });
});
