import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { Rig } from './rig.ts';
import { inOrder, Traffic } from './traffic.ts';

let rig: Rig;
let traffic: Traffic;
beforeAll(async () => {
  rig = await Rig.start({ unleash: false });
  traffic = new Traffic(rig);
});
afterAll(async () => {
  await traffic?.end().catch(() => {});
  await rig?.stop();
});

/** Somebody who does not write: E1 is pinned to the owner by its own writes. */
const readsFrom = (side: 'monolith' | 'service'): Promise<true> =>
  until(
    `reads from the ${side}`,
    async () => (await traffic.send('GET', '/staff/E3/days', undefined, 'E77')).side === side,
  );
const refused = async (...args: string[]): Promise<string> => {
  const { code, stderr } = await rig.type(args, true);
  expect([args, code]).toEqual([args, 2]);
  return stderr;
};

// One story, told in order.
describe('without Unleash a context', () => {
  test('is found fit by doctor, which misses no flag provider', async () => {
    const { code, stdout } = await rig.type(['doctor', 'timekeeping', '--json'], true);
    const { checks } = JSON.parse(stdout) as { checks: { check: string; ok: boolean }[] };
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect([code, checks.map(({ check }) => check)]).toEqual([
      0,
      expect.arrayContaining(['flags of facades', 'flags']),
    ]);
    expect(stdout).not.toMatch(/unleash/i);
  });

  test('is replicated and mirrored while a client writes', async () => {
    traffic.begin();
    await rig.mirrored();
    expect((await rig.context()).stage).toBe('shadowing');
    await rig.type(['shadow', 'timekeeping', '--wait', '20', '--timeout', '300s']);
  });

  test('is refused every share between none and all, with the reason, and nothing is changed', async () => {
    for (const args of [
      ['shadow', 'timekeeping', '--sample', '50'],
      ['ramp', 'timekeeping', '--steps', '25,100'],
      ['ramp', 'timekeeping', '--steps', '25', '--dry-run'],
      ['route', 'timekeeping', 'days', '--percent', '5'],
    ])
      expect(await refused(...args)).toMatch(/^UNLEASH_NEEDED[^]*UNLEASH_URL/);
    expect((await rig.context()).stage).toBe('shadowing');
  });

  test('gives all reads to the service and takes them back, and its kill switch works', async () => {
    await rig.type(['ramp', 'timekeeping', '--hold', '1s', '--max-wait', '5m']);
    expect((await rig.context()).stage).toBe('canary');
    expect((await rig.type(['status', 'timekeeping'])).stdout).toMatch(/days 100 %, day 100 %/);
    await readsFrom('service');
    await rig.type(['route', 'timekeeping', '--kill']);
    await readsFrom('monolith');
    await rig.type(['route', 'timekeeping', '--unkill']);
    await readsFrom('service');
    await rig.type(['route', 'timekeeping', 'days', '--off']);
    await readsFrom('monolith');
    await rig.type(['route', 'timekeeping', 'days', '--percent', '100']);
    await readsFrom('service');
  });

  test('hands its writes to the service and takes them back', async () => {
    for (const [command, owner] of [
      ['cutover', 'service'],
      ['rollback', 'monolith'],
    ] as const) {
      if (command === 'cutover') await rig.type(['verify', 'timekeeping']);
      await rig.type([command, 'timekeeping', '--yes']);
      expect((await rig.context()).owner).toBe(owner);
      const before = traffic.acknowledged;
      await until('writes at the new owner', () => traffic.acknowledged > before + 50);
    }
  });

  test('lost nothing and doubled nothing, on either side', async () => {
    await traffic.end();
    expect(traffic.problems).toEqual([]);
    expect(await traffic.sums('monolith')).toEqual(traffic.ledger);
    await until(
      'the stream',
      async () => inOrder(await traffic.sums('service')) === inOrder(traffic.ledger),
    );
    await rig.type(['verify', 'timekeeping']);
  });
});
