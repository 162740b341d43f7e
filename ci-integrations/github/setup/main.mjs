// Puts countersign on the PATH: the one at `path`, or one downloaded from `url` whose digest is `sha256`.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runAction } from '../lib/action.mjs';
import { ActionError } from '../lib/action_error.mjs';
import { makePrivateFolder } from '../lib/private_folder.mjs';
import * as runner from '../lib/runner.mjs';

const kAttempts = 3;
const kMaxDownload = 256 * 1024 * 1024;

async function download(url) {
  for (let attempt = 1; ; ++attempt) {
    let problem;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
      if (response.ok) {
        const bytes = Buffer.from(await response.arrayBuffer());
        if (bytes.length > kMaxDownload) throw new ActionError(3, 'CONFIG', 'the download is too long');
        return bytes;
      }
      problem = `status ${response.status}`;
      if (response.status < 500 && response.status !== 429) attempt = kAttempts;
    } catch (cause) {
      if (cause instanceof ActionError) throw cause;
      problem = cause.cause?.code ?? cause.name;
    }
    if (attempt >= kAttempts) throw new ActionError(8, 'UNAVAILABLE', `cannot download countersign: ${problem}`);
    await setTimeout(attempt * 1000);
  }
}

async function fetched(url, sha256) {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new ActionError(2, 'USAGE', 'input url must be an https address');
  }
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new ActionError(2, 'USAGE', 'input sha256 must be 64 lower-case hex digits: the digest of the file at url');
  }
  const bytes = await download(url);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new ActionError(4, 'UNTRUSTED', `the download has digest ${found}, not ${sha256}`, 'do not run it; find out who changed it');
  }
  const program = join(makePrivateFolder(), 'countersign');
  writeFileSync(program, bytes, { mode: 0o755, flag: 'wx' });
  return program;
}

function atHand(path) {
  const program = resolve(path);
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw new ActionError(3, 'CONFIG', 'input path names no program');
  }
  if (basename(program) !== 'countersign') {
    throw new ActionError(2, 'USAGE', 'input path must end in /countersign');
  }
  return program;
}

function versionOf(program) {
  const run = spawnSync(program, ['--version'], { encoding: 'utf8', shell: false, env: { PATH: process.env.PATH ?? '' } });
  const version = /^countersign (\S+)$/m.exec(run.stdout ?? '')?.[1];
  if (run.status !== 0 || !version) {
    throw new ActionError(11, 'LOCAL', 'the program does not run here', 'are its libraries installed? see docs of countersign: packages it needs');
  }
  return version;
}

await runAction(async () => {
  const [path, url] = [runner.input('path'), runner.input('url')];
  if (Boolean(path) === Boolean(url)) throw new ActionError(2, 'USAGE', 'give input path, or url and sha256');
  runner.requireWritable('GITHUB_OUTPUT', 'GITHUB_PATH', 'GITHUB_STATE');
  const program = path ? atHand(path) : await fetched(url, runner.input('sha256'));
  runner.setOutput('version', versionOf(program));
  runner.setOutput('path', program);
  runner.addPath(dirname(program));
  return 0;
});
