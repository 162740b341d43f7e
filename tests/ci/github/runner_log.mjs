// What the runner does with the output of a step: workflow commands, masks, the log that users see.
import { appendFileSync } from 'node:fs';

const unescape = (text) => text.replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%25/g, '%');

export class RunnerLog {
  #masks = new Set();
  #resume = null;  // the token that ends stop-commands
  commands = [];   // every command that took effect, but masks and groups
  masked = 0;      // how many masks were added

  constructor(rawFile) {
    this.rawFile = rawFile;
  }

  mask(text) {
    for (const part of [text, ...text.split(/\r?\n/)]) if (part) this.#masks.add(part);
  }

  write(line) {
    const hidden = [...this.#masks].sort((a, b) => b.length - a.length).reduce((text, m) => text.split(m).join('***'), line);
    process.stdout.write(`${hidden}\n`);
    return hidden;
  }

  hide(text) {
    return [...this.#masks].sort((a, b) => b.length - a.length).reduce((t, m) => t.split(m).join('***'), text);
  }

  /// One line that a step printed.
  take(line) {
    const match = /^\s*::([\w-]+)(?: ([^:]*(?:::?[^:]+)*?))?::(.*)$/s.exec(line);
    if (this.#resume !== null) {
      if (match?.[1] === this.#resume || line.trim() === `::${this.#resume}::`) this.#resume = null;
      else this.#show(line);
      return;
    }
    // The old form, which runners still read.
    const command = match?.[1] ?? /^##\[([\w-]+)/.exec(line.trimStart())?.[1];
    const value = match ? unescape(match[3]) : '';
    if (command === 'add-mask') {
      this.mask(value);
      ++this.masked;
      return;
    }
    if (command === 'stop-commands') {
      this.#resume = value;
      return;
    }
    if (command && command !== 'group' && command !== 'endgroup') {
      this.commands.push({ command, properties: unescape(match?.[2] ?? ''), value: this.hide(value) });
    }
    this.#show(line);
  }

  #show(line) {
    appendFileSync(this.rawFile, `${line}\n`);
    this.write(line);
  }
}
