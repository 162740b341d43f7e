// The files by which a step talks to the runner.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

const kNames = ['OUTPUT', 'ENV', 'PATH', 'STATE', 'STEP_SUMMARY'];

export class RunnerFiles {
  #paths = {};

  /// `unwritable`: names of files that cannot be written (a folder stands in their place).
  constructor(temp, unwritable = []) {
    const folder = join(temp, '_runner_file_commands');
    mkdirSync(folder, { recursive: true });
    for (const name of kNames) {
      this.#paths[name] = join(folder, `${name.toLowerCase()}_${randomUUID()}`);
      if (unwritable.includes(`GITHUB_${name}`)) mkdirSync(this.#paths[name]);
      else writeFileSync(this.#paths[name], '');
    }
    this.unwritable = unwritable;
  }

  get environment() {
    return Object.fromEntries(kNames.map((name) => [`GITHUB_${name}`, this.#paths[name]]));
  }

  text(name) {
    return this.unwritable.includes(`GITHUB_${name}`) ? '' : readFileSync(this.#paths[name], 'utf8');
  }

  /// NAME=VALUE, or NAME<<END, lines, END. Throws on anything else, as the runner does.
  pairs(name) {
    const found = {};
    const lines = this.text(name).split('\n');
    for (let i = 0; i < lines.length; ++i) {
      const line = lines[i];
      if (line === '') continue;
      const equals = line.indexOf('='), heredoc = line.indexOf('<<');
      if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
        found[line.slice(0, equals)] = line.slice(equals + 1);
      } else if (heredoc > 0) {
        const end = line.slice(heredoc + 2), value = [];
        while (++i < lines.length && lines[i] !== end) value.push(lines[i]);
        if (i === lines.length) throw new Error(`no end ${end} in the file of GITHUB_${name}`);
        found[line.slice(0, heredoc)] = value.join('\n');
      } else {
        throw new Error(`the file of GITHUB_${name} holds a line without name: ${line}`);
      }
    }
    return found;
  }
}
