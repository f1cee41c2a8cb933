// Starts what a demo starts, tells what, and waits to be killed.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres, startProcess, temporaryFolder } from '../src/index.ts';

const postgres = await startPostgres();
const folder = await temporaryFolder('guarded');
const child = await startProcess({
  name: 'idle',
  file: fileURLToPath(new URL('idle-server.mjs', import.meta.url)),
});
const postmaster = Number(
  readFileSync(join(postgres.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0],
);
console.log(
  JSON.stringify({
    pids: [postmaster, child.pid],
    folders: [folder.path, dirname(postgres.dataDir)],
  }),
);
