import { runStep, verifyArguments } from '../lib/step.mjs';

await runStep('verify', verifyArguments);
