import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { Rig } from './rig.ts';
import { inOrder, Traffic } from './traffic.ts';

let rig: Rig;
let traffic: Traffic;

beforeAll(async () => {
  rig = await Rig.start();
  traffic = new Traffic(rig);
});
afterAll(async () => {
  await traffic?.end().catch(() => {});
  await rig?.stop();
});

describe('a monolith that knows nothing of this project', () => {
  test('gets its first context file from strangler init, from what the database holds', async () => {
    const folder = join(rig.folder.path, 'contexts');
    await rig.type([
      'init',
      '--database',
      rig.env.HR_DATABASE_URL!,
      '--context',
      'hours',
      '--contexts',
      folder,
      '--tables',
      'hr.timeEntry,hr.entryNote',
      '--yes',
    ]);
    const [file] = await readdir(folder);
    const text = await readFile(join(folder, file!), 'utf8');
    expect(text).toContain('hr.timeEntry');
    expect(text).toContain('minutesWorked');
    expect(text).toContain('noteText');
  });

  interface Check {
    readonly check: string;
    readonly ok: boolean;
    readonly actual: string;
    readonly remedy: string;
  }
  const doctor = async (): Promise<{ code: number | null; checks: Check[] }> => {
    const { code, stdout } = await rig.type(['doctor', 'timekeeping', '--json'], true);
    return { code, ...(JSON.parse(stdout) as { checks: Check[] }) };
  };

  test('is found fit by strangler doctor, which looks at both databases, mapping, flags and facades', async () => {
    const { code, checks } = await doctor();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
    expect(checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'control database',
        ...['monolith', 'service'].flatMap((side) => [`${side} database`, `${side} wal_level`]),
        ...['replica identity', 'mapping', 'flags', 'facade instances'],
      ]),
    );
  });

  test('is found unfit while a table of it cannot be replicated', async () => {
    const entryNote = (identity: string): Promise<unknown> =>
      rig.sql(
        rig.env.HR_DATABASE_URL!,
        `ALTER TABLE "hr"."entryNote" REPLICA IDENTITY ${identity}`,
      );
    await entryNote('NOTHING');
    try {
      const { code, checks } = await doctor();
      const found = checks.find(({ check }) => check === 'replica identity');
      expect([code, found?.ok]).toEqual([1, false]);
      expect(found?.actual).toContain('entryNote');
      expect(found?.remedy).toMatch(/REPLICA IDENTITY/);
    } finally {
      await entryNote('DEFAULT');
    }
  });

  test('is replicated and verified while a client writes', async () => {
    traffic.begin();
    await rig.mirrored();
    expect((await rig.context()).stage).toBe('shadowing');
  });

  test('lets reads move by percent once shadow answers were compared', async () => {
    await until('compared answers', async () => {
      const [row] = await rig.sql(
        rig.env.STRANGLER_CONTROL_URL!,
        `SELECT min(n)::int AS n, count(*)::int AS routes FROM (SELECT sum(count) AS n FROM strangler_control.shadow_counts WHERE outcome = 'match' GROUP BY route) r`,
      );
      return Number(row?.n) >= 20 && Number(row?.routes) === 2;
    });
    await rig.type(['ramp', 'timekeeping', '--steps', '50,100', '--hold', '1s']);
    expect((await rig.context()).stage).toBe('canary');
    // somebody who does not write: E1 is pinned to the owner by its own writes
    await until(
      'reads from the service',
      async () =>
        (await traffic.send('GET', '/staff/E3/days', undefined, 'E77')).side === 'service',
    );
    expect(
      (await traffic.send('POST', '/staff/E1/days/2024-01-05/notes', { noteText: 'to the owner' }))
        .side,
    ).toBe('monolith');
  });

  test('hands its writes to the service, takes them back, and hands them over again', async () => {
    for (const [command, owner] of [
      ['cutover', 'service'],
      ['rollback', 'monolith'],
      ['cutover', 'service'],
    ] as const) {
      if (command === 'cutover') await rig.type(['verify', 'timekeeping']);
      await rig.type([command, 'timekeeping', '--yes']);
      expect((await rig.context()).owner).toBe(owner);
      const before = traffic.acknowledged;
      await until('writes at the new owner', async () => traffic.acknowledged > before + 50);
      expect(
        (
          await traffic.send('POST', '/staff/E1/days/2024-01-05/notes', {
            noteText: 'to the owner',
          })
        ).side,
      ).toBe(owner);
    }
  });

  test('lost nothing and doubled nothing, on either side', async () => {
    await traffic.end();
    expect(traffic.problems).toEqual([]);
    expect(await traffic.sums('service')).toEqual(traffic.ledger);
    await until(
      'the reverse stream',
      async () => inOrder(await traffic.sums('monolith')) === inOrder(traffic.ledger),
    );
    const [written] = await rig.sql(
      rig.env.HR_DATABASE_URL!,
      `SELECT count(*)::int AS n, count(DISTINCT "noteNo")::int AS numbers FROM "hr"."entryNote" WHERE "noteText" LIKE 'note %' AND "workDay" >= '2025-01-01' AND "employeeNo" = 'E1'`,
    );
    expect(written).toEqual({ n: traffic.notes, numbers: traffic.notes });
    await rig.type(['verify', 'timekeeping']);
  });
});
