// What the runner understands: commands on standard output, and files that it names in variables.
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { ActionError } from './action_error.mjs';

const print = (text) => process.stdout.write(`${text}\n`);

// A line break would end a command and begin another.
const data = (text) => String(text).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
const property = (text) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');

export const mask = (text) => print(`::add-mask::${data(text)}`);
export const error = (title, text) => print(`::error title=${property(title)}::${data(text)}`);
export const warning = (title, text) => print(`::warning title=${property(title)}::${data(text)}`);
export const notice = (title, text) => print(`::notice title=${property(title)}::${data(text)}`);

/// A folded part of the log in which no line is a command, whatever a program prints. Returns what ends it.
export function openQuietGroup(title) {
  const token = randomUUID();
  print(`::group::${data(title)}`);
  print(`::stop-commands::${token}`);
  return () => {
    print(`::${token}::`);
    print('::endgroup::');
  };
}

// YAML gives every input as text; line breaks at the ends are its, not the user's.
export const input = (name) => (process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] ?? '').trim();
export const lines = (name) => input(name).split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);

export function flag(name) {
  const value = input(name).toLowerCase();
  if (value !== 'true' && value !== 'false') {
    throw new ActionError(2, 'USAGE', `input ${name} must be true or false`);
  }
  return value === 'true';
}

function runnerFile(variable) {
  const path = process.env[variable];
  if (!path) throw new ActionError(3, 'CONFIG', `${variable} is not set: this is not a GitHub runner`);
  return path;
}

function append(variable, text) {
  try {
    appendFileSync(runnerFile(variable), text);
  } catch (cause) {
    if (cause instanceof ActionError) throw cause;
    throw new ActionError(11, 'LOCAL', `cannot write the file of ${variable}: ${cause.code}`);
  }
}

/// To be asked before anything is signed: a result that cannot be told is no result.
export function requireWritable(...variables) {
  for (const variable of variables) {
    try {
      closeSync(openSync(runnerFile(variable), 'a'));
    } catch (cause) {
      if (cause instanceof ActionError) throw cause;
      throw new ActionError(11, 'LOCAL', `cannot write the file of ${variable}: ${cause.code}`);
    }
  }
}

function assign(variable, name, value) {
  const delimiter = `countersign_${randomUUID()}`;  // nobody can write an end into a value beforehand
  append(variable, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
}

export const setOutput = (name, value) => assign('GITHUB_OUTPUT', name, value);
export const saveState = (name, value) => assign('GITHUB_STATE', name, value);
export const addPath = (folder) => append('GITHUB_PATH', `${folder}\n`);

// The runner drops a longer summary whole.
const kMaxSummary = 1024 * 1024;

export function addSummary(markdown) {
  const bytes = Buffer.from(markdown);
  append('GITHUB_STEP_SUMMARY',
    bytes.length <= kMaxSummary ? markdown : '*Countersign: too many images for a summary; see the output `result`.*\n');
}
