// One step: inputs to arguments, countersign, its result to outputs, summary and annotations.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAction } from './action.mjs';
import { ActionError } from './action_error.mjs';
import { runAgent } from './agent.mjs';
import { makePrivateFolder, removePrivateFolder } from './private_folder.mjs';
import * as runner from './runner.mjs';
import { Secrets } from './secrets.mjs';
import { summary } from './summary.mjs';

// "--name=value" is one argument: a value that begins with a dash stays a value.
const option = (name, value) => (value ? [`--${name}=${value}`] : []);
const options = (name, values) => values.flatMap((value) => option(name, value));

function commonArguments(folder) {
  return [
    ...option('server', runner.input('server')),
    ...option('tlscacert', runner.input('ca-cert')),
    ...options('trust-root', runner.lines('trust-root')),
    ...options('role', runner.lines('roles')),
    ...option('policy', runner.input('policy')),
    `--trust-dir=${runner.input('trust-dir') || join(folder, 'trust')}`,
    '--output=json',
  ];
}

function metadataFile(folder) {
  const text = runner.input('metadata');
  const path = runner.input('metadata-file');
  if (text && path) throw new ActionError(2, 'USAGE', 'inputs metadata and metadata-file exclude each other');
  if (!text) return path;
  const written = join(folder, 'metadata.json');
  writeFileSync(written, text, { mode: 0o600, flag: 'wx' });
  return written;
}

export function signArguments(folder, keyFile) {
  return ['sign', ...commonArguments(folder),
    ...options('key', keyFile ? [keyFile, ...runner.lines('key')] : runner.lines('key')),
    ...option('metadata-file', metadataFile(folder)),
    ...option('digest-file', runner.input('digest-file')),
    ...option('oci-layout', runner.input('oci-layout')),
    ...options('annotate', runner.lines('annotations')),
    ...option('receipt', runner.input('receipt')),
    ...(runner.flag('allow-move') ? ['--allow-move'] : []),
    ...(runner.flag('dry-run') ? ['--dry-run'] : []),
    '--', ...images()];
}

export function verifyArguments(folder) {
  return ['verify', ...commonArguments(folder), ...option('images-from', runner.input('images-from')),
    '--', ...images()];
}

/// `image` is one name whatever is in it, for names that are made of what outsiders choose.
const images = () => [...(runner.input('image') ? [runner.input('image')] : []), ...runner.lines('images')];

function annotate(command, { exitCode, document }) {
  for (const warning of document?.warnings ?? []) runner.warning(`countersign ${warning.code}`, warning.message);
  for (const { gun, targets = [] } of document?.repositories ?? []) {
    for (const { name, reasons = [] } of targets) {
      if (reasons.length) runner.error(`${gun}:${name}`, reasons.map(({ message, mend }) => `${message} (${mend})`).join('\n'));
    }
  }
  if (exitCode === 0) return;
  const error = document?.error ?? { code: 'INTERNAL', message: `countersign ${command} ended with status ${exitCode}`, hint: '' };
  runner.error(`countersign ${error.code} (exit ${exitCode})`, error.hint ? `${error.message}\nhint: ${error.hint}` : error.message);
}

function setOutputs(document, receipt) {
  runner.setOutput('result', JSON.stringify(document));
  if (!document.ok) return;  // nothing that a later step could deploy
  const repositories = document.repositories ?? [];
  const targets = repositories.flatMap((repository) => (repository.targets ?? []).map((target) => ({ repository, target })));
  const versions = Object.fromEntries(repositories.map(({ gun, roles = [] }) =>
    [gun, Object.fromEntries(roles.map(({ name, version }) => [name, version]))]));
  const unique = (values) => [...new Set(values)].join('\n');
  runner.setOutput('digest', unique(targets.map(({ target }) => target.digest).filter(Boolean)));
  runner.setOutput('images', unique(targets.filter(({ target }) => target.digest)
    .map(({ repository, target }) => `${repository.gun}@${target.digest}`)));
  runner.setOutput('roles', unique(targets.flatMap(({ target }) => target.roles ?? [])));
  runner.setOutput('versions', JSON.stringify(versions));
  if (receipt) runner.setOutput('receipt', receipt);
}

async function perform(command, makeArguments, state) {
  const secrets = new Secrets();
  const withSummary = runner.flag('summary');
  runner.requireWritable('GITHUB_OUTPUT', 'GITHUB_STATE', ...(withSummary ? ['GITHUB_STEP_SUMMARY'] : []));
  state.folder = makePrivateFolder();
  mkdirSync(join(state.folder, 'trust'), { mode: 0o700 });
  const { variables, keyFile } = secrets.writeInto(state.folder);
  const args = makeArguments(state.folder, keyFile);
  if (args.some((arg) => secrets.isIn(arg)) || [...images(), ...runner.lines('annotations')].some((name) => secrets.isInName(name))) {
    throw new ActionError(2, 'USAGE', 'an input holds a secret: nothing was run', 'look at what the names of images and tags are made of');
  }
  const run = await runAgent(args, { ...secrets.childEnvironment(), ...variables, NO_COLOR: '1' });
  annotate(command, run);
  if (run.document) {
    setOutputs(run.document, runner.input('receipt'));
    if (withSummary) runner.addSummary(summary(command, run.document, args.includes('--dry-run')));
  }
  return run.document || run.exitCode ? run.exitCode : 1;
}

/// The whole of main.mjs. Exits with countersign's own status.
export async function runStep(command, makeArguments) {
  const state = {};
  await runAction(async () => {
    try {
      return await perform(command, makeArguments, state);
    } finally {
      removePrivateFolder(state.folder);
    }
  });
}
