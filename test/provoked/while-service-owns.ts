import { expect } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Side } from '@strangler-toolkit/plan';
import pg from 'pg';
import type { Manner } from './application.ts';
import type { Failure } from './failure.ts';
import { restoreControl } from './night.ts';
import type { Stack } from './stack.ts';

const back = 'strangler rollback catalog';
const cost = 'going back: writes wait for some seconds at most, no acknowledged one is lost';

/** So many writes that what a side does is more than a single bad answer, and counted by the facade. */
async function manyWrites(stack: Stack, count: number, side: Side = 'service'): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => stack.ask('POST', '/api/products')));
  await until('the facade has told of them', async () => (await stack.told(side)) >= count, {
    everyMs: 100,
  });
}

/** Somebody writes all the while until the owner has them, and a while longer. */
async function writesUntil(stack: Stack): Promise<void> {
  const { service } = stack.applications;
  const before = service.writes;
  await until(
    'the service had enough writes',
    async () => {
      await stack.ask('POST', '/api/products');
      return service.writes >= before + 40;
    },
    { everyMs: 10, withinMs: 120_000 },
  );
}

/** As soon as the worker has followed. */
export async function goBack(stack: Stack): Promise<void> {
  await until(
    'the way back is open',
    async () => (await stack.type(['can-i', 'rollback', 'catalog'])).code === 0,
    { withinMs: 60_000, everyMs: 700 },
  );
  await stack.must('rollback', 'catalog', '--yes');
}

/** As if the minutes had passed in which bad answers count. */
const minutesPass = (stack: Stack) =>
  stack.sql('control', 'DELETE FROM strangler_control.route_stats');

/** Enough writes while the service is so that its errors are judged, and none of them counts afterwards. */
const writesWhileService = (manner: Manner): Pick<Failure, 'provoke' | 'mend'> => ({
  provoke: async (stack) => {
    await minutesPass(stack);
    stack.applications.service.manner = manner;
    await manyWrites(stack, 30);
  },
  mend: async (stack) => {
    stack.applications.service.manner = 'well';
    await minutesPass(stack);
  },
});

/** It hears of what it slept over only when a write of its has reached the side that it thought to own. */
async function wakeFacade(stack: Stack): Promise<void> {
  await stack.standIn?.stop();
  const deaf = new pg.Client({ connectionString: stack.scene.control.url });
  await deaf.connect();
  await deaf.query('BEGIN; LOCK TABLE strangler_control.contexts');
  const { monolith } = stack.applications;
  const before = monolith.writes;
  stack.asked = stack.ask('POST', '/api/products', { headers: { 'x-name': 'late' } });
  process.kill(stack.facade?.pid ?? 0, 'SIGCONT');
  await until('the write is at the monolith', async () => monolith.writes > before, { everyMs: 5 });
  await deaf.end();
}

export const afterCutover: readonly Failure[] = [
  {
    name: 'a write met the fence, because a facade slept over a change of owner',
    provoke: wakeFacade,
    answer: {
      ask: 'POST /api/products',
      asked: (stack) => stack.asked,
      status: 503,
      code: 'OWNER_CHANGED',
      says: 'The owner of catalog changed before this write reached it, and the old one refused it. Try again.',
      headers: { 'retry-after': '1' },
    },
    besides: async (stack) => {
      expect((await stack.ask('POST', '/api/products')).status).toBe(201);
      expect(await stack.sql('monolith', `SELECT FROM products WHERE name = 'late'`)).toEqual([]);
    },
    mend: async (stack) => {
      // it still had to tell of reads from before it slept, and tells of those with what comes next
      await minutesPass(stack);
      await manyWrites(stack, 1);
      await minutesPass(stack);
      await stack.must('fence', 'seen', 'catalog', '--reason', 'a facade slept', '--yes');
    },
    status: ['✗ stray-writes: …refused'],
    doctor: [],
    todo: 'nothing: nothing was written, and the next try goes to the owner',
  },
  {
    name: 'the control database was restored from a backup',
    provoke: async (stack) => {
      await restoreControl(stack);
      await stack.worker?.exit;
    },
    mend: async (stack) => {
      await stack.must('control', 'restore', 'catalog', '--from-sides', '--yes');
      await stack.startWorker();
    },
    answer: {
      type: 'strangler cutover catalog --yes',
      exit: 1,
      code: 'CONTROL_FELL_BACK',
      says: "the control database says monolith, epoch 1, and the monolith's database service, epoch 2",
      remedy: 'strangler control restore catalog --from-sides --dry-run',
    },
    besides: async (stack) => {
      // the stage that it tells is not the true one, so nothing is decided by it
      for (const words of [
        'rollback catalog --yes',
        'retire catalog --yes',
        'can-i cutover catalog',
        'cutover catalog --dry-run',
      ])
        expect(await stack.type(words.split(' '))).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('CONTROL_FELL_BACK'),
        });
      // whoever serves knows better than what fell back
      expect((await stack.ask('POST', '/api/products')).status).toBe(201);
    },
    status: [
      'worker …FAILED …CONTROL_FELL_BACK',
      'next …strangler control restore catalog --from-sides --dry-run',
    ],
    doctor: [
      {
        check: 'owner and epoch',
        actual: 'CONTROL_FELL_BACK',
        remedy: 'strangler control restore catalog --from-sides',
      },
      {
        check: 'worker',
        actual: 'failed, …CONTROL_FELL_BACK',
        remedy: 'strangler control restore catalog --from-sides',
      },
    ],
    todo: '`strangler control restore catalog --from-sides --dry-run`',
  },
  {
    name: 'the service does not answer, after its cutover',
    provoke: (stack) => stack.applications.service.down(),
    mend: async (stack) => {
      await stack.applications.service.up();
      await until(
        'reads that the monolith answered are counted',
        async () => (await stack.told('monolith')) > 0,
        { everyMs: 100 },
      );
      await minutesPass(stack);
    },
    answer: {
      ask: 'POST /api/products',
      status: 502,
      code: 'UPSTREAM_UNREACHABLE',
      says: 'The service of catalog could not be reached.',
    },
    besides: async (stack) => {
      await until('the monolith stands in for reads', async () => {
        const { status, headers } = await stack.ask('GET', '/api/products');
        return (
          status === 200 && headers.get('x-strangler-stand-in')?.startsWith('monolith; behind-ms=')
        );
      });
      expect(JSON.parse(await stack.ready())).toMatchObject({ status: 'degraded' });
    },
    status: [
      'service …DOWN: does not answer (ECONNREFUSED)',
      `next …${back}`,
      `the service is not there, the monolith answers; ${cost}`,
      'reads of the last 5 min were answered by the monolith for an owner that was dead',
    ],
    doctor: [
      {
        check: 'service HTTP',
        actual: 'does not answer (ECONNREFUSED)',
        remedy: `${back} (the service is not there, the monolith answers; ${cost}), or start it again`,
      },
    ],
    todo: 'start it again, or `strangler rollback catalog`; reads are answered by the monolith meanwhile',
  },
  {
    name: 'the service answers 500',
    ...writesWhileService('fails'),
    answer: {
      ask: 'POST /api/products',
      status: 500,
      code: null,
      says: 'a defect in the code of the application',
    },
    status: [`next …${back}`, `the service fails, the monolith answers; ${cost}`],
    doctor: [
      {
        check: 'service HTTP',
        actual: 'requests in the last 5 min …failed',
        remedy: `${back} (the service fails, the monolith answers; ${cost}), or start it again`,
      },
    ],
    todo: '`strangler rollback catalog`, or mend the service',
  },
  {
    name: 'the service is too slow',
    ...writesWhileService('slow'),
    answer: {
      ask: 'POST /api/products',
      status: 504,
      code: 'UPSTREAM_TIMEOUT',
      says: 'service of catalog',
    },
    status: ['service …up …100 % errors, p99 ', `next …${back}`],
    doctor: [
      {
        check: 'service HTTP',
        actual: 'requests in the last 5 min …failed',
        remedy: `${back} (the service fails`,
      },
    ],
    todo: '`strangler rollback catalog`, or mend the service; a longer `timeoutMs` of the route where it may be so slow',
  },
  {
    name: 'somebody writes past the facade (a job, a console)',
    provoke: async () => {},
    mend: (stack) => stack.must('fence', 'seen', 'catalog', '--reason', 'it was the test', '--yes'),
    answer: {
      ask: 'POST /api/products',
      at: 'monolith',
      status: 500,
      code: null,
      says: 'catalog',
    },
    status: ['✗ stray-writes: …refused or logged', 'next …strangler fence status catalog'],
    doctor: [],
    todo: '`strangler fence status catalog` says who; let it write to the service',
  },
];

export const afterGoingBack: readonly Failure[] = [
  {
    name: 'the owner changed since the last verification',
    provoke: async (stack) => {
      await stack.must('cutover', 'catalog', '--yes');
      await goBack(stack);
    },
    mend: (stack) => stack.must('verify', 'catalog'),
    answer: {
      type: 'strangler can-i cutover catalog',
      exit: 4,
      code: null,
      says: 'verification: none since epoch 5 (the last: …, epoch 3, 0 differ)',
    },
    status: ['verification …none since epoch 5 (the last: …', 'next …strangler verify catalog'],
    doctor: [],
    todo: '`strangler verify catalog`',
  },
  {
    name: 'the service refuses what the monolith took, after a cutover that watches',
    provoke: async (stack) => {
      stack.applications.service.manner = 'refuses';
      await minutesPass(stack);
      await manyWrites(stack, 30, 'monolith');
      stack.traffic = writesUntil(stack);
    },
    mend: async (stack) => {
      stack.applications.service.manner = 'well';
      await stack.traffic;
      await minutesPass(stack);
      await stack.must('verify', 'catalog');
    },
    answer: {
      type: 'strangler cutover catalog --yes --watch 10m',
      once: true,
      exit: 4,
      code: 'GATE_REFUSED',
      says: 'the service refuses …% of its requests (4xx)',
    },
    besides: async (stack) => expect(await stack.status()).toMatchObject({ owner: 'monolith' }),
    status: ['verification …none since epoch …(the last: …', 'next …strangler verify catalog'],
    doctor: [],
    todo: 'mend the service, `strangler verify catalog`, cut over again: the data went back by itself, nothing is lost',
  },
];
