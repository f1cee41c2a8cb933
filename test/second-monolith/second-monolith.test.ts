import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until, Hopeless } from '@strangler-toolkit/dev-stack';
import { Rig } from './rig.ts';

let rig: Rig;
/** Acknowledged minutes per day, as a client of the facade knows them. */
const ledger = new Map<string, number>();
const inOrder = (totals: ReadonlyMap<string, number>): string =>
  Array.from(totals, ([name, total]) => `${name} ${total}`)
    .toSorted()
    .join();
let notes = 0;
let stopClient = false;
let client: Promise<void>;
const problems: string[] = [];

const send = async (
  method: string,
  path: string,
  body?: object,
  user = 'E1',
): Promise<{ status: number; body: Record<string, unknown>; side: string | null }> => {
  const response = await fetch(rig.facade + path, {
    method,
    headers: { 'x-user': user, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
    side: response.headers.get('x-strangler-served-by'),
  };
};

/** Adds minutes to days of its own and notes to them, reads each back, until told to stop. */
async function work(): Promise<void> {
  for (let number = 0; !stopClient; number++) {
    const day = `2025-02-${String(1 + (number % 28)).padStart(2, '0')}`;
    const path = `/staff/E1/days/${day}`;
    const known = ledger.get(day);
    const minutes = 1 + (number % 7);
    const answer =
      known === undefined
        ? await send('PUT', path, { minutesWorked: minutes })
        : number % 9 === 0
          ? await send('POST', `${path}/notes`, { noteText: `note ${number}` })
          : await send('POST', `${path}/add`, { minutes });
    if (answer.status >= 300)
      problems.push(`${path} answered ${answer.status} ${JSON.stringify(answer.body)}`);
    else if (answer.status === 201) notes++;
    else ledger.set(day, (known ?? 0) + minutes);
    const read = await send('GET', path);
    if (read.status !== 200 || read.body.minutesWorked !== ledger.get(day))
      problems.push(
        `${path} read ${read.status} ${String(read.body.minutesWorked)} from ${read.side}, acknowledged ${ledger.get(day)}`,
      );
    // many users: percentages stick to identities
    await send('GET', '/staff/E2/days', undefined, `E${number % 100}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const sums = async (side: 'monolith' | 'service'): Promise<Map<string, number>> => {
  const rows =
    side === 'monolith'
      ? await rig.sql(
          rig.env.HR_DATABASE_URL!,
          `SELECT "workDay"::text AS day, "minutesWorked" AS minutes FROM "hr"."timeEntry" WHERE "employeeNo" = 'E1' AND "workDay" >= '2025-01-01'`,
        )
      : await rig.sql(
          rig.env.TIME_DATABASE_URL!,
          `SELECT on_day::text AS day, minutes FROM day_record WHERE staff_no = 'E1' AND on_day >= '2025-01-01'`,
        );
  return new Map(rows.map((row) => [String(row.day), Number(row.minutes)]));
};

beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  stopClient = true;
  await client?.catch(() => {});
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
    client = work();
    const worker = await rig.worker();
    await until('the copy', async () => {
      if (!worker.running) throw new Hopeless(worker.logs().join('\n'));
      const { copied, lagMs } = await rig.context();
      return copied && lagMs < 2_000;
    });
    await rig.type(['verify', 'timekeeping']);
    await rig.type(['shadow', 'timekeeping', '--sample', '100']);
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
      async () => (await send('GET', '/staff/E3/days', undefined, 'E77')).side === 'service',
    );
    expect(
      (await send('POST', '/staff/E1/days/2024-01-05/notes', { noteText: 'to the owner' })).side,
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
      const before = [...ledger.values()].reduce((sum, minutes) => sum + minutes, 0);
      await until(
        'writes at the new owner',
        async () => [...ledger.values()].reduce((sum, minutes) => sum + minutes, 0) > before + 50,
      );
      expect(
        (await send('POST', '/staff/E1/days/2024-01-05/notes', { noteText: 'to the owner' })).side,
      ).toBe(owner);
    }
  });

  test('lost nothing and doubled nothing, on either side', async () => {
    stopClient = true;
    await client;
    expect(problems).toEqual([]);
    expect(await sums('service')).toEqual(ledger);
    await until(
      'the reverse stream',
      async () => inOrder(await sums('monolith')) === inOrder(ledger),
    );
    const [written] = await rig.sql(
      rig.env.HR_DATABASE_URL!,
      `SELECT count(*)::int AS n, count(DISTINCT "noteNo")::int AS numbers FROM "hr"."entryNote" WHERE "noteText" LIKE 'note %' AND "workDay" >= '2025-01-01' AND "employeeNo" = 'E1'`,
    );
    expect(written).toEqual({ n: notes, numbers: notes });
    await rig.type(['verify', 'timekeeping']);
  });
});
