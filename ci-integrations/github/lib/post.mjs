// The post step of every action: runs after success, failure and cancellation.
import { removePrivateFolder } from './private_folder.mjs';

removePrivateFolder(process.env.STATE_folder);
