import { describe, expect, test } from '@jest/globals';
import type { OwnerView, Side } from '@strangler-toolkit/plan';
import { upstreamBreaker } from '../resilience/breaker.ts';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import type { Onlooker } from '../proxy/relay.ts';
import type { MirroredRead } from '../shadow/mirror.ts';
import { facadeMetrics } from '../telemetry/metrics.ts';
import { type Claim, claimsOf } from './claim.ts';
import { mirrorAnswer } from './mirror-answer.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';

const claims = claimsOf({
  env: {},
  breaker: () => upstreamBreaker(() => {}),
  definitions: [
    {
      context: 'items',
      data: 'none',
      monolith: { url: 'http://monolith' },
      service: { url: 'http://service' },
      routes: [{ name: 'list', method: 'GET', path: '/items', kind: 'read' }],
    },
  ],
});
const { claim } = claims.find({
  method: 'GET',
  rawPath: '/items',
  host: undefined,
  search: '',
  lines: { headers: {} },
}) as { claim: Claim };
const answer = { status: 203, rawHeaders: ['X-A', '1'] } as unknown as UpstreamAnswer;
const canary: OwnerView = {
  dataKind: 'replicated',
  stage: 'canary',
  owner: 'monolith',
  epoch: 3n,
  known: true,
};

interface Given {
  readonly view?: Partial<OwnerView>;
  readonly side?: Side;
  readonly method?: string;
  readonly body?: Buffer;
  readonly flag?: boolean | undefined;
  readonly watch?: () => Onlooker | undefined;
}

async function mirrored(given: Given) {
  const reads: MirroredRead[] = [];
  const heads: unknown[] = [];
  const seen: unknown[] = [];
  const asked: unknown[] = [];
  const metrics = facadeMetrics();
  const flag = 'flag' in given ? given.flag : true;
  const serving = {
    metrics,
    flags: {
      isEnabled: (...question: unknown[]) => {
        asked.push(question);
        return flag;
      },
    },
    mirror: {
      watch: (read: MirroredRead, head: unknown) => {
        reads.push(read);
        heads.push(head);
        if (given.watch) return given.watch();
        return {
          chunk: (chunk: Buffer) => void seen.push(String(chunk)),
          end: (whole: boolean) => void seen.push(whole),
        };
      },
    },
  } as unknown as Serving;
  const passage = {
    arrival: { method: given.method ?? 'GET', path: '/items', search: '?a', trace: {} },
    headers: ['A', 'b'],
    ...(given.body && { body: given.body }),
  } as unknown as Passage;
  const watcher = mirrorAnswer(serving, passage, {
    claim,
    who: { identity: 'ann', sticky: 'sticks', all: () => [] },
    side: given.side ?? 'monolith',
    view: { ...canary, ...given.view },
    answer,
  });
  watcher?.chunk(Buffer.from('piece'));
  watcher?.end(true);
  const [crashes] = (await metrics.shadowCrashes.get()).values;
  return { taken: watcher !== undefined, reads, heads, seen, asked, crashes: crashes?.value ?? 0 };
}

describe('an answer of the owner', () => {
  test('is mirrored to the other side when its shadow flag is on', async () => {
    const { reads, heads, seen, asked } = await mirrored({});
    expect(reads).toEqual([
      {
        route: claim.route,
        method: 'GET',
        target: { path: '/items', search: '?a' },
        headers: { a: 'b' },
        reference: 'http://monolith',
        candidate: 'http://service',
        served: 'monolith',
        epoch: 3n,
        replicated: true,
      },
    ]);
    expect(heads).toEqual([{ status: 203, headers: { 'x-a': '1' } }]);
    expect(seen).toEqual(['piece', true]);
    expect(asked).toEqual([['items.list.shadow', 'sticks']]);
  });

  test('of the service is mirrored to the monolith once the service owns', async () => {
    const { reads } = await mirrored({
      side: 'service',
      view: { stage: 'service', owner: 'service' },
    });
    expect(reads).toMatchObject([
      { reference: 'http://service', candidate: 'http://monolith', served: 'service' },
    ]);
  });

  test.each([
    ['monolith', false],
    ['replicating', false],
    ['shadowing', true],
    ['canary', true],
    ['service', true],
    ['retired', false],
  ] as const)('in stage %s has somebody to be compared with: %j', async (stage, taken) => {
    expect((await mirrored({ view: { stage } })).taken).toBe(taken);
  });

  test('of data that has no copy is compared in any stage', async () => {
    for (const dataKind of ['none', 'shared'] as const) {
      const { reads } = await mirrored({ view: { dataKind, stage: 'monolith' } });
      expect(reads).toMatchObject([{ replicated: false }]);
    }
  });

  test.each([false, undefined])('is not mirrored when its flag is %j', async (flag) => {
    expect(await mirrored({ flag })).toMatchObject({ taken: false, reads: [] });
  });

  test('to a question whose body was not kept is not mirrored, one with it is', async () => {
    expect(await mirrored({ method: 'POST' })).toMatchObject({
      taken: false,
      reads: [],
      asked: [],
    });
    const body = Buffer.from('question');
    expect((await mirrored({ method: 'POST', body })).reads).toMatchObject([
      { method: 'POST', body },
    ]);
  });

  test('that the mirror has no room for goes on without', async () => {
    expect(await mirrored({ watch: () => undefined })).toMatchObject({ taken: false, crashes: 0 });
  });
});

test('an answer of the side that does not own the data is nobody’s reference', async () => {
  expect(await mirrored({ side: 'service' })).toMatchObject({ taken: false, reads: [] });
});

const broken = (): never => {
  throw new Error('broken');
};
test.each<[string, number, NonNullable<Given['watch']>]>([
  ['that refuses to begin', 1, broken],
  ['that breaks in the middle', 1, () => ({ chunk: broken, end() {} })],
  ['that breaks at the end', 1, () => ({ chunk() {}, end: broken })],
  ['that breaks all the way', 2, () => ({ chunk: broken, end: broken })],
])('a mirror %s is counted and never thrown at the client', async (_what, times, watch) => {
  expect((await mirrored({ watch })).crashes).toBe(times);
});
