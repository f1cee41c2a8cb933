import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder, until } from '@strangler-toolkit/dev-stack';
import { YourSystem } from './your-system.ts';

let folder: TemporaryFolder;
let system: YourSystem;
beforeAll(async () => {
  folder = await temporaryFolder('your-system');
  // what `npm install` would bring; test/packaging installs the packed packages
  const installed = fileURLToPath(new URL('../../node_modules', import.meta.url));
  await symlink(installed, join(folder.path, 'node_modules'));
  system = new YourSystem(folder.path);
  await system.start();
});
afterAll(async () => {
  await system?.stop();
  await folder?.remove();
});

test('the guide to your own system holds in an empty folder, before a monolith that knows nothing of this project', async () => {
  const init = await system.type(await system.block('strangler init'));
  expect([init.code, init.output]).toEqual([0, expect.stringContaining('hours')]);
  expect(await system.edit()).toContain('hr.timeEntry');
  const doctor = await system.type(await system.block('strangler doctor'));
  expect(doctor.output).toMatch(/^(\d+) of \1 checks are right$/m);
  const ports = await system.leaveRunning(await system.block('strangler-facade'));
  expect(ports).toHaveLength(2);
  await until('two facades are known', async () => {
    const rows = await system.control('SELECT FROM strangler_control.instances');
    return rows.length === 2;
  });
  for (const port of ports)
    await until('a facade to serve', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      return answer?.ok === true;
    });
  for (const name of ['facade-1', 'facade-2'])
    await until(`${name} to say where its flags come from`, async () =>
      (await system.log(`${name}.log`)).includes('flags come from the control database'),
    );
  await system.leaveRunning(await system.block('strangler replicate'));
  await until('the copy is followed', async () => {
    const rows = await system.control(
      "SELECT FROM strangler_control.watermarks WHERE state <> 'copying' AND applied_at IS NOT NULL",
    );
    return rows.length > 0;
  });
  const looked = await system.type(await system.block('strangler verify'));
  expect([looked.code, looked.output]).toEqual([0, expect.stringMatching(/replicating/)]);
});
