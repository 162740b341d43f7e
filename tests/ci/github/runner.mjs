// Runs one job of a workflow as GitHub's runner does, on GitHub's own parser and expression evaluator: `run:` steps and
// JavaScript actions with their post steps, local ones and those of this repository. runner.mjs CONFIG.json; interrupt it to cancel the job.
//   CONFIG: workflow, job, needs, workspace, temp, env, secrets, vars, node, unwritable, raw, report
import { readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/index';
import { NoOperationTraceWriter } from '@actions/workflow-parser/templates/trace-writer';
import { parse as parseYaml } from 'yaml';
import { isTrue, substitute } from './expressions.mjs';
import { RunnerFiles } from './runner_files.mjs';
import { RunnerLog } from './runner_log.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const log = new RunnerLog(config.raw);
for (const secret of Object.values(config.secrets)) if (secret) log.mask(secret);
writeFileSync(config.raw, '');

function checked(result, file) {
  const errors = result.context.errors.getErrors();
  if (errors.length) throw new Error(`${file}: ${errors.map((e) => e.message).join('; ')}`);
  return result;
}

async function readWorkflow(file) {
  const content = readFileSync(file, 'utf8');
  const result = checked(parseWorkflow({ name: file, content }, new NoOperationTraceWriter()), file);
  await convertWorkflowTemplate(result.context, result.value);
  checked(result, file);
  return parseYaml(content);
}

function readAction(folder) {
  const file = join(folder, 'action.yml'), content = readFileSync(file, 'utf8');
  checked(parseAction({ name: file, content }, new NoOperationTraceWriter()), file);
  return parseYaml(content);
}

let status = 'success';
let running = null;
const cancelled = () => status === 'cancelled';

// As the runner cancels: interrupt, wait, terminate, wait, kill.
process.on('SIGINT', () => {
  status = 'cancelled';
  const child = running;
  if (!child) return;
  child.kill('SIGINT');
  setTimeout(() => child.kill('SIGTERM'), 7500).unref();
  setTimeout(() => child.kill('SIGKILL'), 10000).unref();
});

const github = { ref: 'refs/heads/main', ref_name: 'main', sha: '0123456789abcdef0123456789abcdef01234567', repository: 'team/app',
  actor: 'developer', run_id: '1', server_url: 'https://github.example.com', job: config.job, workflow: 'test',
  event_name: 'push', workspace: config.workspace };
const contexts = { github, runner: { os: 'Linux', arch: 'X64', temp: config.temp }, env: {}, secrets: config.secrets, vars: config.vars, needs: config.needs ?? {}, steps: {} };
const path = [];

function execute(program, args, environment, files) {
  const base = { ...config.env, CI: 'true', GITHUB_ACTIONS: 'true', RUNNER_TEMP: config.temp, RUNNER_OS: 'Linux', RUNNER_ARCH: 'X64',
    ACTIONS_RUNTIME_TOKEN: 'runtime-token', PATH: [...path, config.env.PATH].join(':') };
  for (const [name, value] of Object.entries(github)) base[`GITHUB_${name.toUpperCase()}`] = value;
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: config.workspace, env: { ...base, ...contexts.env, ...environment, ...files.environment },
      stdio: ['ignore', 'pipe', 'pipe'] });
    running = child;
    let open = 2, code;
    const finish = () => {
      if (open > 0 || code === undefined) return;
      running = null;
      done(code);
    };
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => log.take(line)).on('close', () => { --open; finish(); });
    }
    child.on('exit', (exitCode, signal) => { code = exitCode ?? `killed by ${signal}`; finish(); });
  });
}

const summaries = [];

function collect(files) {
  Object.assign(contexts.env, files.pairs('ENV'));
  path.unshift(...files.text('PATH').split('\n').filter(Boolean));
  const summary = files.text('STEP_SUMMARY');
  if (summary) summaries.push(summary);
}

const posts = [];

/// The folder of an action: of the workspace, or of this repository as others name it. actions/checkout has been there.
function folderOf(uses) {
  if (uses.startsWith('./')) return resolve(config.workspace, uses);
  const ours = /^[\w-]+\/countersign\/(.+)@[\w.-]+$/.exec(uses);
  if (ours) return resolve(config.workspace, ours[1]);
  if (/^actions\/checkout@/.test(uses)) return null;
  throw new Error(`no action ${uses}`);
}

async function runAction(folder, given, environment, unwritable) {
  const action = readAction(folder);
  const inputs = {};
  for (const [name, { default: value }] of Object.entries(action.inputs ?? {})) {
    inputs[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] = given[name] ?? String(value ?? '');
  }
  for (const name of Object.keys(given)) {
    if (!(name in (action.inputs ?? {}))) log.take(`::warning::Unexpected input(s) '${name}'`);
  }
  const node = (file, more, files) => execute(config.node, [join(folder, file)], { ...environment, ...inputs, ...more }, files);
  const files = new RunnerFiles(config.temp, unwritable);
  const exitCode = await node(action.runs.main, {}, files);
  collect(files);
  if (action.runs.post) {
    posts.unshift(async () => {
      const state = Object.fromEntries(Object.entries(files.pairs('STATE')).map(([k, v]) => [`STATE_${k}`, v]));
      log.write(`Post ${action.name}`);
      return node(action.runs.post, state, new RunnerFiles(config.temp));
    });
  }
  return { exitCode, files };
}

async function runScript(text, shell, environment) {
  const file = join(config.temp, `${randomUUID()}.sh`);
  writeFileSync(file, text);
  const [program, args] = shell === 'bash' ? ['bash', ['--noprofile', '--norc', '-eo', 'pipefail', file]] : ['bash', ['-e', file]];
  const files = new RunnerFiles(config.temp);
  const exitCode = await execute(program, args, environment, files);
  collect(files);
  return { exitCode, files };
}

const report = { steps: [] };

async function runStep(step) {
  const expand = (text) => substitute(text, contexts, status);
  const entry = { name: step.id ?? step.name ?? step.uses ?? 'run', outcome: 'skipped' };
  report.steps.push(entry);
  if (isTrue(step.if, contexts, status)) {
    const environment = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, expand(value)]));
    log.write(`Run ${entry.name}`);
    const folder = step.uses && folderOf(step.uses);
    if (folder === null) return;
    const { exitCode, files } = step.run !== undefined
      ? await runScript(expand(step.run), step.shell, environment)
      : await runAction(folder,
        Object.fromEntries(Object.entries(step.with ?? {}).map(([name, value]) => [name, expand(value)])), environment, config.unwritable[step.id]);
    entry.exitCode = exitCode;
    entry.outcome = cancelled() ? 'cancelled' : exitCode === 0 ? 'success' : 'failure';
    entry.outputs = files.pairs('OUTPUT');
    if (entry.outcome === 'failure' && !step['continue-on-error']) {
      log.write(`Error: Process completed with exit code ${exitCode}.`);
      if (!cancelled()) status = 'failure';
    }
  }
  if (step.id) contexts.steps[step.id] = { outcome: entry.outcome, outputs: entry.outputs ?? {} };
}

const workflow = await readWorkflow(config.workflow);
const job = workflow.jobs[config.job];
for (const [name, value] of Object.entries({ ...workflow.env, ...job.env })) contexts.env[name] = substitute(value, contexts, status);
for (const step of job.steps) await runStep(step);
report.posts = [];
for (const post of posts) report.posts.push(await post());
const outputs = Object.fromEntries(Object.entries(job.outputs ?? {}).map(([name, value]) => [name, substitute(value, contexts, status)]));
writeFileSync(config.report, JSON.stringify({ ...report, outputs, status, summary: summaries.join(''), commands: log.commands }));
process.exitCode = status === 'success' ? 0 : 1;
