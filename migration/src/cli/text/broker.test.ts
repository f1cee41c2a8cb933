import { describe, expect, test } from '@jest/globals';
import type { ContractsResult } from '../../steps/contracts/verify.ts';
import type { InteractionResult } from '../../steps/contracts/verifier.ts';
import { githubAnnotations } from '../reports/annotations.ts';
import { junit } from '../reports/junit.ts';
import {
  deploymentText,
  environmentText,
  publishText,
  resultsText,
  webhookText,
} from './broker.ts';
import { canIText } from './can-i.ts';
import { outcomeText } from './change-owner.ts';
import { contractsText } from './contracts.ts';

const interaction = (
  consumer: string,
  more: Partial<InteractionResult> = {},
): InteractionResult => ({
  consumer,
  description: `a quote for ${consumer}`,
  verdict: 'kept',
  ok: true,
  mismatch: '',
  pact: `${consumer}.json`,
  ...more,
});
const pending = interaction('app', {
  verdict: 'pending',
  ok: false,
  mismatch: 'not verified: pending at the broker (it would not hold)',
  notRequired: 'pending',
});
const wip = {
  ...pending,
  consumer: 'lab',
  description: 'a quote for lab',
  notRequired: 'wip',
} as const;
const resultOf = (
  interactions: InteractionResult[],
  results: NonNullable<ContractsResult['broker']>['results'] = {},
): ContractsResult => ({
  context: 'shop',
  provider: 'shop',
  pacts: 'http://broker/',
  recorded: true,
  broker: { pacts: [], results },
  sides: { service: { ok: true, url: 'http://here', interactions, seconds: 1 } },
});

describe('what a broker does not require yet', () => {
  test('stands in the table as what it is, and is counted by itself', () => {
    const text = contractsText(resultOf([interaction('web'), pending, wip]));
    expect(text).toMatch(/^a quote for app {2}pending$/m);
    expect(text).toMatch(/^a quote for lab {2}wip$/m);
    expect(text).toMatch(/hold on service \(1 interactions each, 2 more not required yet\)$/);
    expect(contractsText(resultOf([pending]))).toMatch(/\nshop: no pact is required yet$/);
  });

  test('is skipped in JUnit, and no annotation', () => {
    const result = resultOf([interaction('web'), pending]);
    expect(junit(result)).toContain('tests="2" failures="0" errors="0" skipped="1"');
    expect(junit(result)).toContain('<skipped message="not verified: pending at the broker');
    expect(githubAnnotations(result)).toEqual([]);
  });
});

test('what became of the results of each side', () =>
  expect(
    resultsText(
      resultOf([], {
        monolith: { published: true, version: '1', left: [] },
        service: { published: true, version: '2', left: ['web', 'app'] },
      }),
    ),
  ).toEqual([
    'results of the monolith published for version 1',
    'results of the service published for version 2, but not of web, app: not all was asked',
  ]));
test('and why they stayed here; nothing where files were the source', () => {
  expect(resultsText(resultOf([], { service: { published: false, why: 'dirty' } }))).toEqual([
    'results of the service not published: dirty',
  ]);
  const { broker: _broker, ...fromFiles } = resultOf([]);
  expect(resultsText(fromFiles)).toEqual([]);
});

test('what was published, with the warnings of the broker', () => {
  const published = [
    {
      consumer: 'web',
      providers: ['shop', 'mail'],
      notices: [
        { type: 'success', text: 'done' },
        { type: 'warning', text: 'changed content' },
      ],
    },
  ];
  expect(publishText({ broker: 'http://broker/', version: '1', branch: 'main', published })).toBe(
    'web 1 (main): pacts with shop, mail published\nwarning: changed content\nat http://broker/',
  );
  expect(publishText({ broker: 'http://broker/', version: '1', published: [] })).toBe(
    'at http://broker/',
  );
});

test('deployment, environment, webhook', () => {
  const deployment = {
    context: 'shop',
    side: 'service',
    pacticipant: 'shop',
    version: '2',
    environment: 'production',
  } as const;
  expect(deploymentText(deployment)).toBe(
    'shop 2 (the service) is recorded as deployed in production',
  );
  expect(environmentText({ name: 'test', created: true, production: false })).toBe(
    'environment test made',
  );
  expect(environmentText({ name: 'live', created: false, production: true })).toBe(
    'environment live is there already (production)',
  );
  const hook = { provider: 'shop', description: 'build', url: 'https://ci' };
  expect(webhookText({ ...hook, created: false })).toBe(
    'webhook "build" renewed: POST https://ci when a pact with shop wants verification',
  );
});

test('the broker stands below the gates, with its reason', () => {
  const asked = { context: 'shop', asked: 'ramp', stage: 'canary', gates: [] } as const;
  const about = { pacticipant: 'shop', environment: 'production', reason: 'because' };
  expect(
    canIText({ ...asked, yes: true, broker: { ...about, version: '2', deployable: true } }),
  ).toBe('✓ broker: shop 2 in production: because\nyes: ramp shop (stage canary)');
  expect(canIText({ ...asked, yes: false, broker: { ...about, deployable: null } })).toBe(
    '✗ broker: shop of an unknown version in production: because\nno: ramp shop (stage canary)',
  );
});

test('a move says what the broker was told, or what tells it later', () => {
  const moved = {
    context: 'shop',
    stage: 'service',
    owner: 'service',
    epoch: 2,
    steps: [],
    writePauseMs: null,
    goneInstances: [],
  };
  const told = { side: 'service', pacticipant: 'shop', version: '2', environment: 'live' } as const;
  expect(outcomeText({ ...moved, deployment: { recorded: true, ...told } })).toMatch(
    /\ndeployment recorded: shop 2 in live$/,
  );
  expect(
    outcomeText({ ...moved, deployment: { recorded: false, why: 'away', command: 'strangler x' } }),
  ).toMatch(/\ndeployment not recorded: away\nrecord it later: strangler x$/);
});
