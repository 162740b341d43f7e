// Packages come from the folder NODE_PATH, which ECMAScript modules do not look at by themselves; and GitHub's parser
// imports JSON without an import attribute, which Node refuses.
import { register } from 'node:module';

register('data:text/javascript,' + encodeURIComponent(`
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
const packages = pathToFileURL(process.env.NODE_PATH + '/').href;
export async function resolve(name, context, next) {
  const ours = !context.parentURL?.startsWith(packages) && /^(@|[a-z])/.test(name) && !/^(node|file|data):/.test(name);
  return next(name, ours ? { ...context, parentURL: packages } : context);
}
export async function load(url, context, next) {
  if (!url.endsWith('.json')) return next(url, context);
  return { format: 'module', shortCircuit: true, source: 'export default ' + readFileSync(fileURLToPath(url), 'utf8') };
}`), import.meta.url);
