import { runStep, signArguments } from '../lib/step.mjs';

await runStep('sign', signArguments);
