import { describe, expect, test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { nothingLeft, reach, startDemo } from './demo-runs.ts';

describeWithKafka(
  'npm run demo -- --transport kafka',
  () => {
    test.each([
      ['Ctrl-C while Kafka starts', /Kafka and Debezium, Unleash/, 'SIGINT'],
      ['kill -9 while clients use the shop', /Clients use the shop/, 'SIGKILL'],
    ] as const)('leaves no process and no folder after %s', async (_moment, line, signal) => {
      await (await reach(line, ['--transport', 'kafka'])).kill(signal);
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

  test.each([
    ['while it starts', /PostgreSQL twice/],
    ['while clients use the shop', /Clients use the shop/],
    ['while a context is replicated', /strangler verify catalog/],
  ])('leaves no process and no folder after Ctrl-C %s', async (_moment, line) => {
    const { code } = await (await reach(line)).kill('SIGINT');
    expect(code).toBe(130);
    await nothingLeft();
  });

  test('leaves no process and no folder after kill -9', async () => {
    await (await reach(/Clients use the shop/)).kill('SIGKILL');
    await nothingLeft();
  });

  test('explains itself and refuses what it does not know', async () => {
    const helping = await startDemo(['--help']);
    expect((await helping.exit).code).toBe(0);
    expect(helping.logs().join('\n')).toContain('--stay');
    expect((await (await startDemo(['--nonsense'])).exit).code).toBe(2);
  });
});
