import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { askOn } from '#device/ca/terminal-secret.ts';

/** A terminal that notes what happens on it, in order; what is typed comes once the prompt is seen. */
class FakeTerminal {
  readonly events: string[] = [];
  readonly output = new PassThrough();
  readonly input: PassThrough & { setRawMode(on: boolean): void };

  constructor(typed: readonly string[]) {
    this.input = Object.assign(new PassThrough(), {
      setRawMode: (on: boolean) => void this.events.push(on ? 'no echo' : 'echo'),
    });
    this.output.on('data', (chunk: Buffer) => {
      this.events.push(`shown ${JSON.stringify(String(chunk))}`);
      for (const text of this.events.length === 2 ? typed : []) this.input.write(text);
    });
  }
}

test('the echo is off before the prompt is seen, on again after the answer, and nothing typed is shown', async () => {
  const terminal = new FakeTerminal(['se', 'crex\u007ft\r']);
  assert.equal(await askOn(terminal, 'Passphrase: '), 'secret');
  assert.deepEqual(terminal.events.slice(0, 3), ['no echo', 'shown "Passphrase: "', 'echo']);
  assert.equal(terminal.events.join(' ').includes('sec'), false);
});

test('the line can be begun anew, and control characters are no part of it', async () => {
  assert.equal(await askOn(new FakeTerminal(['wrong\u0015righ\u001bt\n']), '> '), 'right');
  assert.equal(await askOn(new FakeTerminal(['\u007f\u007fä€\b\u00e9\r']), '> '), 'äé');
});

test('who gives up is told that nothing was changed, and gets the echo back', async () => {
  for (const typed of ['half\u0003', '\u0004']) {
    const terminal = new FakeTerminal([typed]);
    await assert.rejects(askOn(terminal, '> '), {
      code: 'E_PASSPHRASE',
      message: /not given; nothing was changed/,
    });
    assert.ok(terminal.events.includes('echo'));
  }
  const gone = new FakeTerminal(['hal']);
  const asked = askOn(gone, '> ');
  gone.input.end();
  await assert.rejects(asked, { code: 'E_PASSPHRASE' });
});
