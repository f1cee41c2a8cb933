import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder, until } from '@strangler-toolkit/dev-stack';
import { packedPackages } from '../packaging/packed.ts';
import { YourSystem } from './your-system.ts';

let folder: TemporaryFolder;
let system: YourSystem;
beforeAll(async () => {
  folder = await temporaryFolder('your-system');
  system = new YourSystem(folder.path);
  const packages = await packedPackages();
  await Promise.all([
    system.start(),
    (async () => {
      const installed = await system.install(await system.block('npm install'), packages);
      expect([installed.code, installed.output]).toEqual([0, expect.anything()]);
    })(),
  ]);
});
afterAll(async () => {
  await system?.stop();
  await folder?.remove();
});

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

test('the guide to your own system holds in an empty folder, before a monolith that knows nothing of this project', async () => {
  const init = await system.type(await system.block('strangler init'));
  expect([init.code, init.output]).toEqual([0, expect.stringContaining('hours')]);
  expect(await system.edit()).toContain('hr.timeEntry');
  const doctor = await system.type(await system.block('strangler doctor'));
  expect(doctor.output).toMatch(/^(\d+) of \1 checks are right$/m);

  // on a laptop
  const [dev] = await system.leaveRunning(await system.block('strangler dev'));
  await until('all to be well', () => dev?.said().includes('all are well') === true, {
    alsoTell: () => dev?.said() ?? '',
  });
  const clients = [.../http:\S+:(\d+) http:\S+:(\d+);/.exec(dev?.said() ?? '')!].slice(1);
  for (const port of clients) expect(await answers(Number(port))).toBe(true);
  await until('the copy is followed', async () => {
    const rows = await system.control(
      "SELECT FROM strangler_control.watermarks WHERE state <> 'copying' AND applied_at IS NOT NULL",
    );
    return rows.length > 0;
  });
  const looked = await system.type(await system.block('strangler verify'));
  expect([looked.code, looked.output]).toEqual([0, expect.stringMatching(/replicating/)]);
  expect(await dev?.end('SIGINT')).toBe(130);
  for (const port of clients) expect(await answers(Number(port))).toBe(false);

  // on servers
  const facades = await system.leaveRunning(await system.block('strangler-facade'));
  expect(facades).toHaveLength(2);
  const [worker] = await system.leaveRunning(await system.block('strangler replicate'));
  for (const { port } of facades) await until('a facade to serve', () => answers(port));
  for (const name of ['facade-1', 'facade-2'])
    await until(`${name} to say where its flags come from`, async () =>
      (await system.log(`${name}.log`)).includes('flags come from the control database'),
    );
  await until('the worker to go on', async () =>
    (await system.log('worker-1.log')).includes('streaming'),
  );
  for (const left of [...facades, worker]) await left?.end('SIGTERM');

  // Unleash comes later, and what is on without it stays behind
  expect((await system.type('npx strangler route hours --kill')).code).toBe(0);
  const unleash = await system.startUnleash();
  const found = await system.type('npx strangler doctor hours', unleash);
  expect(found.output).toContain('hours.kill');
  const forgotten = await system.type(await system.block('--forget-control-flags'), unleash);
  expect([forgotten.code, forgotten.output]).toEqual([0, expect.stringContaining('hours.day')]);
  expect(await system.control('SELECT FROM strangler_control.flags')).toEqual([]);
});
