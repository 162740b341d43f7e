// A folder below the runner's temporary one, for one step. The post step removes it if the step could not.
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { ActionError } from './action_error.mjs';
import { saveState } from './runner.mjs';

const kName = /^countersign-[0-9a-f-]{36}$/;

function temporaryFolder() {
  const path = process.env.RUNNER_TEMP;
  if (!path) throw new ActionError(3, 'CONFIG', 'RUNNER_TEMP is not set: this is not a GitHub runner');
  return resolve(path);
}

export function makePrivateFolder() {
  const folder = join(temporaryFolder(), `countersign-${randomUUID()}`);
  saveState('folder', folder);  // first, so that no moment of a cancellation leaves it unknown
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/// Removes what makePrivateFolder made, and nothing else whatever the state says.
export function removePrivateFolder(folder) {
  if (!folder || dirname(folder) !== temporaryFolder() || !kName.test(basename(folder))) return;
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
