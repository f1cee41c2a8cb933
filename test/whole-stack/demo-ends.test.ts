import { describe, expect, test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { readFile, writeFile } from 'node:fs/promises';
import { nothingLeft, reach, settingsFile, startDemo } from './demo-runs.ts';

describeWithKafka(
  'npm run demo -- --transport kafka',
  () => {
    test('leaves no process and no folder after Ctrl-C while Kafka starts', async () => {
      await (await reach(/Kafka and Debezium, Unleash/, ['--transport', 'kafka'])).kill('SIGINT');
      await nothingLeft();
    });
  },
  { ownServers: true },
);

describe('npm run demo', () => {
  test('says what is missing when Kafka is wanted and there is no Java', async () => {
    const demo = await startDemo(['--transport', 'kafka'], undefined, {
      PATH: '/nowhere',
      JAVA_HOME: '',
    });
    expect((await demo.exit).code).toBe(1);
    expect(demo.logs().join('\n')).toMatch(/Not found here: Java 17 or newer/);
    await nothingLeft();
  });

  test('leaves no process and no file after Ctrl-C while it starts, also not the settings of an earlier run', async () => {
    await writeFile(settingsFile(), "STRANGLER_CONTROL_URL='gone'\n");
    const demo = await reach(/PostgreSQL twice/, ['--by-hand', '--settings', settingsFile()]);
    expect((await demo.kill('SIGINT')).code).toBe(130);
    await nothingLeft();
  });

  test('leaves no process and no folder after Ctrl-C while clients use the shop', async () => {
    const { code } = await (await reach(/Clients use the shop/)).kill('SIGINT');
    expect(code).toBe(130);
    await nothingLeft();
  });

  test('tells the cutover alone with --fast; what it prints to try next is what it wrote, and goes with Ctrl-C', async () => {
    const demo = await reach(/Ctrl-C ends it/, ['--fast', '--stay', '--settings', settingsFile()]);
    const said = demo.logs();
    expect(said.filter((line) => line.includes('✘') || line.startsWith('{'))).toEqual([]);
    expect(said).toContainEqual(expect.stringMatching(/✔ doubled +0$/));
    const written = (await readFile(settingsFile(), 'utf8')).trim().split('\n');
    expect(said.slice(said.indexOf('set -a') + 1, said.indexOf('set +a'))).toEqual(written);
    expect(written.join()).toMatch(/FACADE='http.*FACADE_ADMIN='http.*FACADE_2_ADMIN='http/);
    expect(said).toContain('npx strangler rollback catalog --yes');
    expect((await demo.kill('SIGINT')).code).toBe(130);
    await nothingLeft();
  });

  test('leaves no process and no folder after kill -9 while clients use the shop', async () => {
    // with Kafka where there is one: then everything else is there as well, and a broker and Connect besides
    const all = process.env.TEST_KAFKA_MISSING ? [] : ['--transport', 'kafka'];
    await (await reach(/Clients use the shop/, all)).kill('SIGKILL');
    await nothingLeft();
  });

  test('explains itself and refuses what it does not know', async () => {
    const helping = await startDemo(['--help']);
    expect((await helping.exit).code).toBe(0);
    expect(helping.logs().join('\n')).toContain('--stay');
    expect((await (await startDemo(['--nonsense'])).exit).code).toBe(2);
    await writeFile(settingsFile(), 'mine');
    const refused = await startDemo(['--by-hand', '--settings', settingsFile()]);
    expect((await refused.exit).code).toBe(2);
    expect(await readFile(settingsFile(), 'utf8')).toBe('mine');
  });
});
