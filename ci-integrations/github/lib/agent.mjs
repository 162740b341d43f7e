// Runs countersign: arguments as an array, no shell, its messages shown in a group of the log.
import { spawn } from 'node:child_process';
import { ActionError } from './action_error.mjs';
import { openQuietGroup } from './runner.mjs';

const kMaxResult = 64 * 1024 * 1024;
const kSignals = ['SIGINT', 'SIGTERM'];

/// Its exit status and its JSON document (undefined if it printed none).
export function runAgent(args, environment) {
  return new Promise((resolve, reject) => {
    const endGroup = openQuietGroup(`countersign ${args[0]}`);
    let last = '', result = '', settled = false;
    const finish = (settle, document) => {
      if (settled) return;
      settled = true;
      if (last && !last.endsWith('\n')) process.stdout.write('\n');
      for (const line of told(document)) process.stdout.write(`${line}\n`);
      endGroup();
      for (const signal of kSignals) process.removeListener(signal, forward);
      settle();
    };
    let child;
    const forward = () => child?.kill('SIGTERM');  // it stops cleanly, or finds out whether it has published
    for (const signal of kSignals) process.on(signal, forward);
    const fail = (cause) => finish(() => reject(spawnError(cause)));
    try {
      child = spawn('countersign', args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], shell: false });
    } catch (cause) {
      fail(cause);
      return;
    }
    child.on('error', fail);
    child.stderr.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      last = text;
    });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      result += text;
      if (result.length > kMaxResult) child.kill('SIGTERM');
    });
    child.on('close', (status, signal) => {
      const document = parsed(result);
      finish(() => resolve({ exitCode: status ?? (signal === 'SIGINT' ? 130 : 143), document }), document);
    });
  });
}

/// A line for each image, for whoever reads the log.
function told(document) {
  return (document?.repositories ?? []).flatMap(({ gun, targets = [] }) => targets.map((target) =>
    `${gun}:${target.name}: ${target.verdict ?? target.status} ${target.digest ?? ''} ${(target.roles ?? []).join(', ')}`));
}

function spawnError({ code }) {
  if (code === 'ENOENT') {
    return new ActionError(11, 'LOCAL', 'countersign is not on the PATH', 'use the action setup first, or install it on the runner');
  }
  if (code === 'E2BIG' || code === 'ERR_INVALID_ARG_VALUE') {
    return new ActionError(2, 'USAGE', 'an input is too long, or holds a zero byte');
  }
  return new ActionError(11, 'LOCAL', `cannot run countersign: ${code}`);
}

function parsed(text) {
  try {
    const document = JSON.parse(text);
    return document?.schema === 'countersign/v1' ? document : undefined;
  } catch {
    return undefined;
  }
}
