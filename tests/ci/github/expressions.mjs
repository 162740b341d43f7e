// ${{ … }} with GitHub's own evaluator.
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

function toData(value) {
  if (value == null) return new data.Null();
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  if (typeof value === 'object') return new data.Dictionary(...Object.entries(value).map(([key, v]) => ({ key, value: toData(v) })));
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  return new data.StringData(String(value));
}

/// `contexts`: github, secrets, vars, steps, …; `status`: success, failure or cancelled.
export function evaluate(expression, contexts, status) {
  const known = { success: status === 'success', failure: status === 'failure', cancelled: status === 'cancelled', always: true };
  const functions = Object.entries(known).map(([name, value]) => ({ name, minArgs: 0, maxArgs: 0, call: () => toData(value) }));
  const names = Object.keys(contexts);
  const tree = new Parser(new Lexer(expression).lex().tokens, names, functions).parse();
  return new Evaluator(tree, toData(contexts), new Map(functions.map((f) => [f.name, f]))).evaluate();
}

export const substitute = (text, contexts, status) => String(text ?? '').replace(/\$\{\{(.*?)\}\}/gs,
  (_, expression) => evaluate(expression.trim(), contexts, status).coerceString());

export function isTrue(condition, contexts, status) {
  let text = String(condition ?? 'success()').replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1').trim();
  if (!/\b(success|failure|always|cancelled)\s*\(/.test(text)) text = `success() && (${text})`;
  return !['', '0', 'false', 'null'].includes(evaluate(text, contexts, status).coerceString());
}
