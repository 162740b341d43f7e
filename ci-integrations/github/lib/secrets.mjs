// The secrets of one step: taken from inputs or variables, masked in every form before anything is printed, handed to
// countersign in files of a private folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError } from './action_error.mjs';
import { input, mask } from './runner.mjs';

// Shorter pieces would blot out half of the log.
const kShortestPiece = 4;
// Shorter secrets stand by chance in pins and paths, which the workflow's author has chosen.
const kShortestRefused = 6;
// Not in what outsiders have a say in; and nobody can keep a shorter one out of anything.
const kShortest = 4;

/// The characters that the text has inside a longer base64 text, wherever it begins there.
function base64Inside(bytes) {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const start = before === 0 ? 0 : before + 1;  // these hold bits of what stands before
    return whole.toString('base64').slice(start, Math.floor(whole.length * 8 / 6));
  });
}

// What the functions of common languages leave as it is.
const kUnreserved = ['', '/', "!'()*", "!'()*;,/?:@&=+$#"];

function urlEncodings(text) {
  return kUnreserved.flatMap((kept) => {
    const upper = Array.from(Buffer.from(text), (byte) => {
      const c = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(c) || kept.includes(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }).join('');
    const lower = upper.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    return [upper, lower, upper.replaceAll('%20', '+'), lower.replaceAll('%20', '+')];
  });
}

function encodings(text) {
  const bytes = Buffer.from(text);
  const base64 = bytes.toString('base64');
  return [
    text, base64, base64.replace(/=+$/, ''), bytes.toString('base64url'), ...base64Inside(bytes),
    bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...urlEncodings(text), JSON.stringify(text).slice(1, -1),
  ];
}

/// Every form in which the secret could appear: whole and by line, plain, in base64, hex, URL-encoded, in JSON.
export function formsOf(secret) {
  const pieces = secret.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => !line.startsWith('-----'));
  const derived = [secret, ...pieces].flatMap(encodings).filter((form) => form.length >= kShortestPiece);
  return [...new Set([secret, ...derived])];
}

/// Variable of countersign, input of the action.
const kSecrets = [
  ['COUNTERSIGN_PIN', 'pin'],
  ['DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE', 'passphrase'],
  ['NOTARY_AUTH', ''],
];

export class Secrets {
  #values = new Map();  // variable -> secret
  #privateKey;
  #forms;
  #all;  // as they are

  constructor() {
    for (const [variable, name] of kSecrets) {
      const value = (name && input(name)) || process.env[variable];
      if (value) this.#values.set(variable, value);
    }
    const [user, password] = [input('username'), input('password')];
    if (Boolean(user) !== Boolean(password)) {
      this.#maskAll([password]);
      throw new ActionError(2, 'USAGE', 'inputs username and password go together');
    }
    const login = user && `${user}:${password}`;
    if (login) this.#values.set('NOTARY_AUTH', Buffer.from(login).toString('base64'));
    this.#privateKey = input('private-key');
    const auth = this.#values.get('NOTARY_AUTH');
    const decoded = auth ? Buffer.from(auth, 'base64').toString() : '';
    this.#maskAll([...this.#values.values(), this.#privateKey, password, decoded,
      decoded.slice(decoded.indexOf(':') + 1)]);
    if (this.#all.some((secret) => secret.length < kShortest)) {
      throw new ActionError(3, 'CONFIG', `a secret has less than ${kShortest} characters, which nobody can keep out of results`,
        'choose a longer one');
    }
  }

  #maskAll(secrets) {
    this.#all = secrets.filter(Boolean);
    this.#forms = this.#all.flatMap(formsOf);
    // Longest first: a mask must not be cut into by one of its own parts.
    this.#forms.sort((a, b) => b.length - a.length).forEach(mask);
  }

  isIn(text) {
    return this.#forms.some((form) => form.length >= kShortestRefused && text.includes(form));
  }

  /// The same, however short the secret is: for names that outsiders have a say in.
  isInName(text) {
    return this.isIn(text) || this.#all.some((secret) => text.includes(secret));
  }

  /// This process's environment for a child: without inputs, tokens of the runner and anything that holds a secret.
  childEnvironment() {
    const own = /^(INPUT_|STATE_|ACTIONS_|RUNNER_TRACKING_ID$)|^GITHUB_(TOKEN|OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)$/;
    return Object.fromEntries(Object.entries(process.env).filter(([name, value]) =>
      !own.test(name) && !this.#values.has(name) && !this.#forms.some((form) => value === form) && !this.isIn(value)));
  }

  /// Writes the secrets into the folder. Returns the variables that name the files, and the key file if there is one.
  writeInto(folder) {
    const write = (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx' });
      return path;
    };
    const variables = {};
    for (const [variable, value] of this.#values) variables[`${variable}_FILE`] = write(variable, value);
    return { variables, keyFile: this.#privateKey ? write('key.pem', this.#privateKey) : undefined };
  }
}
