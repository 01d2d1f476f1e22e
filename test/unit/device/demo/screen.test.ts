import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Screen } from '#device/demo/screen.ts';

/** Just enough of a terminal: text, line feed, carriage return, cursor up, and the clearing that `Screen` uses. */
class Terminal {
  readonly isTTY: boolean;
  columns = 80;
  rows = 24;
  lines: string[] = [''];
  raw = '';
  #row = 0;

  constructor(isTTY = true) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.raw += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's language
    for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|[\s\S]/g)) this.#take(token);
    return true;
  }

  #take(token: string): void {
    if (token === '\n') {
      this.#row += 1;
      this.lines[this.#row] ??= '';
    } else if (token === '\r') return;
    else if (token === '\u001b[K') return;
    else if (token === '\u001b[J') this.lines.length = this.#row + 1;
    else if (token === '\u001b[H') this.#row = 0;
    else if (token === '\u001b[2J') this.lines = [''];
    else if (token.endsWith('A')) {
      this.#row -= Number(token.slice(2, -1));
      for (let row = this.#row; row < this.lines.length; row++) this.lines[row] = '';
    } else if (!token.startsWith('\u001b')) this.lines[this.#row] += token;
  }
}

describe('the screen', () => {
  it('puts each picture in the place of the one before, and leaves what stood above', () => {
    const terminal = new Terminal();
    terminal.write('$ gridvine demo\n');
    const screen = new Screen(terminal);
    screen.show(['one', 'two', 'three']);
    screen.show(['four', 'five']);
    assert.deepEqual(terminal.lines, ['$ gridvine demo', 'four', 'five', '']);
  });

  it('keeps the last picture, and writes below it', () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal);
    screen.show(['picture']);
    screen.say('goodbye');
    assert.deepEqual(terminal.lines, ['picture', 'goodbye', '']);
  });

  it('draws no more lines than fit, so that the terminal does not scroll', () => {
    const terminal = new Terminal();
    terminal.rows = 4;
    new Screen(terminal).show(['1', '2', '3', '4', '5']);
    assert.deepEqual(terminal.lines, ['1', '2', '3', '']);
  });

  it('starts afresh when the width has changed', () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal);
    screen.show(['one', 'two']);
    terminal.columns = 60;
    screen.show(['three']);
    assert.deepEqual(terminal.lines, ['three', '']);
    assert.equal(screen.width, 60);
  });

  it('gives the cursor back once', () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal);
    screen.show(['one']);
    screen.release();
    screen.release();
    assert.equal(terminal.raw.split('\u001b[?25l').length - 1, 1);
    assert.equal(terminal.raw.split('\u001b[?25h').length - 1, 1);
  });

  it('appends plain pictures of 80 columns where there is no terminal', () => {
    const file = new Terminal(false);
    const screen = new Screen(file);
    screen.show(['one']);
    screen.show(['two']);
    assert.equal(file.raw, 'one\n\ntwo\n\n');
    assert.equal(screen.width, 80);
    assert.equal(screen.height, undefined);
  });
});
