// What the runner does with the output of a step: workflow commands, masks, the log that users see.
import { appendFileSync } from 'node:fs';

const unescape = (text) => text.replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%25/g, '%');

/// `::NAME PROPERTIES::VALUE`, with blanks before it, or the old `##[NAME PROPERTIES]VALUE` anywhere in the line.
function parse(line) {
  const text = line.trimStart();
  const end = text.indexOf('::', 2);
  if (text.startsWith('::') && end > 2) {
    const [name, ...properties] = text.slice(2, end).split(' ');
    return { name, properties: unescape(properties.join(' ')), value: unescape(text.slice(end + 2)) };
  }
  const old = /##\[([\w-]+)([^\]]*)\](.*)$/.exec(line);
  return old && { name: old[1], properties: old[2].trim(), value: old[3] };
}

export class RunnerLog {
  #masks = new Set();
  #resume = null;  // the token that ends stop-commands
  #rawFile;        // the log before masking, but for commands that add masks
  commands = [];   // every command that took effect, but masks and groups

  constructor(rawFile) {
    this.#rawFile = rawFile;
  }

  mask(text) {
    for (const part of [text, ...text.split(/\r?\n/)]) if (part) this.#masks.add(part);
  }

  hide(text) {
    return [...this.#masks].sort((a, b) => b.length - a.length).reduce((t, mask) => t.split(mask).join('***'), text);
  }

  write(line) {
    appendFileSync(this.#rawFile, `${line}\n`);
    process.stdout.write(`${this.hide(line)}\n`);
  }

  /// One line that a step printed.
  take(line) {
    const command = parse(line);
    if (this.#resume !== null) {
      if (command?.name === this.#resume) this.#resume = null;
      else this.write(line);
    } else if (command?.name === 'add-mask') {
      this.mask(command.value);
    } else if (command?.name === 'stop-commands') {
      this.#resume = command.value;
    } else {
      if (command && command.name !== 'group' && command.name !== 'endgroup') {
        this.commands.push({ command: command.name, properties: command.properties, value: this.hide(command.value) });
      }
      this.write(line);
    }
  }
}
