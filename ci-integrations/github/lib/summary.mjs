// The step summary: who signed what, until when.

// Inside a Markdown table, and never markup whatever a tag is called.
const cell = (text) => String(text ?? '')
  .replace(/[&<>|`\\*_[\]~@:#!]/g, (c) => `&#${c.charCodeAt(0)};`)
  .replace(/\s+/g, ' ');
const code = (text) => `<code>${cell(text)}</code>`;

const kHeader = '| Image | Digest | Verdict | Signer | Role: version, expires |\n|---|---|---|---|---|\n';

function signers(target) {
  if (target.signer === 'administrator') return 'the repository\'s administrator';
  if (target.signer === 'unknown') return `not known (key ${(target.signers ?? []).map((id) => code(id.slice(0, 7))).join(', ')})`;
  const names = target.signers ?? (target.roles ?? []).filter((role) => role.startsWith('targets/') && role !== 'targets/releases')
    .map((role) => role.slice('targets/'.length));
  return names.map(code).join('<br>');
}

function rolesOf(target, repository) {
  return (repository.roles ?? []).filter((role) => !target.roles || target.roles.includes(role.name))
    .map((role) => `${code(role.name)}: ${cell(role.version)}, ${cell(role.expires)}`).join('<br>');
}

function row(target, repository, dryRun) {
  const image = repository.gun + (target.name ? `:${target.name}` : '');
  const verdict = target.verdict ?? target.status;
  const shown = [dryRun && verdict !== 'unchanged' ? `would be ${verdict}` : verdict,
    ...(target.reasons ?? []).map((reason) => reason.message)].map(cell).join('<br>');
  return `| ${code(image)} | ${target.digest ? code(target.digest) : ''} | ${shown} | ${signers(target)} | ${rolesOf(target, repository)} |\n`;
}

export function summary(command, document, dryRun) {
  const rows = (document.repositories ?? []).flatMap((repository) =>
    (repository.targets ?? []).map((target) => row(target, repository, dryRun)));
  const failure = document.error
    ? `**${cell(document.error.code)}** (exit ${document.exit_code}): ${cell(document.error.message)}<br>${cell(document.error.hint)}\n\n` : '';
  const warnings = (document.warnings ?? []).map((w) => `- ${cell(w.code)}: ${cell(w.message)}\n`).join('');
  return `### countersign ${command}${dryRun ? ' (dry run)' : ''}: ${document.ok ? 'done' : 'failed'}\n\n${failure}`
    + (rows.length ? `${kHeader}${rows.join('')}\n` : '') + warnings;
}
