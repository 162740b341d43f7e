// An error with the exit status and name that countersign's own errors have.
export class ActionError extends Error {
  constructor(exitCode, code, message, hint = '') {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
    this.hint = hint;
  }
}
