// The frame of every main.mjs: an error becomes an annotation and an exit status.
import { ActionError } from './action_error.mjs';
import { error } from './runner.mjs';

function explain(cause) {
  if (cause instanceof ActionError) return [cause.message, cause.hint && `hint: ${cause.hint}`].filter(Boolean).join('\n');
  return `${cause?.name} ${cause?.code ?? ''}`;  // the text of an unforeseen error may quote an input
}

/// `body` returns the exit status.
export async function runAction(body) {
  try {
    process.exitCode = await body();
  } catch (cause) {
    error(`countersign ${cause instanceof ActionError ? cause.code : 'INTERNAL'}`, explain(cause));
    process.exitCode = cause instanceof ActionError ? cause.exitCode : 1;
  }
}
