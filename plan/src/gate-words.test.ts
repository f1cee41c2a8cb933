import { describe, expect, test } from '@jest/globals';
import * as data from './data-gates.ts';
import type { GateFacts } from './gate-facts.ts';
import { type Gate, seconds } from './gate-result.ts';
import { cutoverSettings, defaultCutover, defaultGates, gateSettings } from './gate-settings.ts';
import type { MigrationDefinition } from './migration.ts';
import * as traffic from './traffic-gates.ts';

const asked = (gate: Gate, facts: Partial<GateFacts>) =>
  gate({ context: 'shop', data: 'replicated', stage: 'canary', ...facts }, defaultGates);
/** Whether it passes, what is, what should be, what to do and what to type. */
const told = (gate: Gate, facts: Partial<GateFacts>) => {
  const { gate: name, ok, actual, expected, remedy, command } = asked(gate, facts);
  return [name, ok ? 'passes' : 'refuses', actual, expected, remedy, command];
};

describe('what a gate on data says', () => {
  const copy = 'strangler replicate shop --until-caught-up';
  test.each([
    [undefined, 'refuses', 'not known', copy, copy],
    [false, 'refuses', 'not complete', copy, copy],
    [true, 'passes', 'complete', '', undefined],
  ] as const)('initial-copy: %j', (copyComplete, ok, actual, remedy, command) =>
    expect(told(data.initialCopy, { ...(copyComplete !== undefined && { copyComplete }) })).toEqual(
      ['initial-copy', ok, actual, 'complete', remedy, command],
    ),
  );

  const discover =
    'strangler routes discover shows what nobody claims: name the writes in the context file of ' +
    'shop, or say in noWriteRoutes why there are none';
  test.each([
    [undefined, 'refuses', 'not known', discover, 'strangler routes discover'],
    [{ count: 0, noneBecause: undefined }, 'refuses', '0', discover, 'strangler routes discover'],
    [{ count: 0, noneBecause: 'a job' }, 'passes', 'none: a job', '', undefined],
    [{ count: 2, noneBecause: undefined }, 'passes', '2', '', undefined],
  ] as const)('write-routes: %j', (writeRoutes, ok, actual, remedy, command) =>
    expect(told(data.writeRoutes, { ...(writeRoutes && { writeRoutes }) })).toEqual([
      'write-routes',
      ok,
      actual,
      'at least one, or noWriteRoutes with the reason',
      remedy,
      command,
    ]),
  );

  const status = 'strangler status shop';
  test.each([
    [
      {},
      'refuses',
      'no worker is alive',
      'Start it: strangler replicate shop',
      'strangler replicate shop',
    ],
    [
      {
        workerAlive: false,
        workerRetry: { code: 'DB_UNREACHABLE', text: 'tries again in 3 s' },
        lagSeconds: 0,
      },
      'refuses',
      'the worker failed with DB_UNREACHABLE and tries again in 3 s',
      `Mend what ${status} tells of it: the worker goes on by itself`,
      undefined,
    ],
    [
      { workerAlive: false, workerEnded: 'CONTROL_FELL_BACK' },
      'refuses',
      'the worker ended with CONTROL_FELL_BACK',
      'Bring the owner back from the sides: strangler control restore shop --from-sides --dry-run',
      'strangler control restore shop --from-sides --dry-run',
    ],
    [
      { workerAlive: false, workerEnded: 'SLOT_LOST', lagSeconds: 0 },
      'refuses',
      'the worker ended with SLOT_LOST',
      'Changes may be missing, copy anew: strangler replicate shop --restart',
      'strangler replicate shop --restart',
    ],
    [
      { workerAlive: true, workerRetry: { code: 'DB_UNREACHABLE', text: 'tries again' } },
      'refuses',
      'not known',
      `Wait until the worker reports: ${status}`,
      undefined,
    ],
    [
      { workerAlive: true },
      'refuses',
      'not known',
      `Wait until the worker reports: ${status}`,
      undefined,
    ],
    [
      { workerAlive: true, lagSeconds: 5.01 },
      'refuses',
      '5.01 s',
      `Wait for the worker to catch up: ${status}`,
      undefined,
    ],
    [{ workerAlive: true, lagSeconds: 5 }, 'passes', '5 s', '', undefined],
  ] as const)('lag: %j', (facts, ok, actual, remedy, command) =>
    expect(told(data.lag, facts)).toEqual([
      'lag',
      ok,
      actual,
      'worker alive, lag at most 5 s',
      remedy,
      command,
    ]),
  );

  const verify = 'strangler verify shop';
  const fresh = '0 differing rows, at most 3600 s old';
  const earlier = 'none since epoch 3 (the last: 2 min ago, epoch 2, 1 differ)';
  test.each([
    [true, undefined, 'refuses', 'never verified', fresh, verify],
    [true, 'earlier', 'refuses', earlier, fresh, verify],
    [true, [0, 3600], 'passes', '0 differing rows, 3600 s old', fresh, undefined],
    [true, [0, 3600.5], 'refuses', '0 differing rows, 3601 s old', fresh, verify],
    [true, [1, 3], 'refuses', '1 differing rows, 3 s old', fresh, verify],
    [false, undefined, 'refuses', 'never verified', '0 differing rows', verify],
    [false, [0, 9999], 'passes', '0 differing rows, 9999 s old', '0 differing rows', undefined],
    [false, [2, 9], 'refuses', '2 differing rows, 9 s old', '0 differing rows', verify],
  ] as const)('verification, fresh %s: %j', (isFresh, found, ok, actual, expected, command) => {
    const facts =
      found === 'earlier'
        ? { earlierVerification: { since: 3, epoch: 2, ageSeconds: 120, differences: 1 } }
        : { verification: found && { differences: found[0], ageSeconds: found[1] } };
    expect(told(data.verified(isFresh), facts)).toEqual([
      'verification',
      ok,
      actual,
      expected,
      command ?? '',
      command,
    ]);
  });

  const list = 'strangler dead-letters list shop';
  test.each([
    [undefined, 'refuses', 'not known', list],
    [0, 'passes', '0 open', undefined],
    [3, 'refuses', '3 open', list],
  ] as const)('dead-letters: %j', (openDeadLetters, ok, actual, command) =>
    expect(told(data.deadLetters, { openDeadLetters })).toEqual([
      'dead-letters',
      ok,
      actual,
      '0 open',
      command ?? '',
      command,
    ]),
  );

  test.each([
    [undefined, 'refuses', 'not known'],
    [13.999, 'refuses', '14 days'],
    [13.99, 'refuses', '13.99 days'],
    [14, 'passes', '14 days'],
  ] as const)('owned-for: %j', (ownedDays, ok, actual) =>
    expect(told(data.ownedFor, { ...(ownedDays !== undefined && { ownedDays }) })).toEqual([
      'owned-for',
      ok,
      actual,
      'owned by the service for 14 days',
      ok === 'passes' ? '' : 'Wait, or set gates.retireAfterDays in the context file.',
      undefined,
    ]),
  );

  test.each([
    [undefined, 'refuses', 'not known'],
    [0, 'passes', '0 refused or logged'],
    [1, 'refuses', '1 refused or logged'],
  ] as const)('stray-writes: %j', (strayWrites, ok, actual) => {
    const command = 'strangler fence status shop';
    const remedy =
      `${command} shows who still writes to the monolith's tables; when they write no more, ` +
      'strangler fence seen shop --reason "why" counts from there on';
    expect(told(data.noStrays, { strayWrites })).toEqual(
      ok === 'passes'
        ? ['stray-writes', ok, actual, '0', '', undefined]
        : ['stray-writes', ok, actual, '0', remedy, command],
    );
  });

  test('a finding tells its problem and remedy, or that doctor knows', () => {
    expect(asked(data.databases, { databases: true })).toEqual({
      gate: 'databases',
      ok: true,
      actual: 'both databases reachable',
      expected: 'both databases reachable',
      remedy: '',
    });
    const doctor = 'strangler doctor shop';
    expect(told(data.mapping, {})).toEqual([
      'mapping',
      'refuses',
      'not known',
      'the mapping compiles',
      `${doctor} says what to mend`,
      doctor,
    ]);
    expect(told(data.wayBack, { wayBack: { problem: 'no', remedy: 'do' } }).slice(2)).toEqual([
      'no',
      expect.stringContaining('way back'),
      'do',
      undefined,
    ]);
  });
});

describe('what a gate on traffic says', () => {
  const contracts = 'strangler contracts verify shop';
  test.each([
    [undefined, 'never verified'],
    [{ monolith: false, service: true }, 'failed on monolith'],
    [{ monolith: true, service: false }, 'failed on service'],
    [{ monolith: false, service: false }, 'failed on monolith and service'],
  ])('pacts refuse: %j', (pacts, actual) =>
    expect(told(traffic.pacts, { ...(pacts && { pacts }) })).toEqual([
      'pacts',
      'refuses',
      actual,
      'verified on both sides',
      contracts,
      contracts,
    ]),
  );

  test('pacts pass when both hold, and when nobody asks for them', () => {
    const held = asked(traffic.pacts, { pacts: { monolith: true, service: true } });
    expect(held).toMatchObject({ ok: true, actual: 'verified on both sides', remedy: '' });
    const facts: GateFacts = { context: 'shop', data: 'none', stage: 'canary' };
    expect(traffic.pacts(facts, { ...defaultGates, pacts: false })).toEqual({
      gate: 'pacts',
      ok: true,
      actual: 'not asked for (gates.pacts is false)',
      expected: 'not asked for',
      remedy: '',
    });
  });

  const route = (name: string, compared: number, mismatches = 0) => ({
    route: name,
    compared,
    mismatches,
  });
  const wait = 'strangler shadow shop --sample 100 --wait 1000';
  test.each([
    [undefined, 'refuses', 'not known'],
    [[], 'passes', 'no read routes'],
    [[route('a', 1000), route('b', 2000)], 'passes', 'at least 1000'],
    [[route('a', 999), route('b', 2000), route('c', 5)], 'refuses', 'a 999, c 5'],
  ])('shadow-reads: %j', (shadow, ok, actual) =>
    expect(told(traffic.shadowReads, { ...(shadow && { shadow }) })).toEqual([
      'shadow-reads',
      ok,
      actual,
      '1000 compared reads of each read route',
      ok === 'passes' ? '' : wait,
      ok === 'passes' ? undefined : wait,
    ]),
  );

  const failed = { errors: 2, timeouts: 1 };
  test.each([
    [undefined, 'refuses', 'not known'],
    [[], 'passes', '0 %'],
    [[route('a', 0)], 'refuses', 'not verified: nothing was compared of a'],
    [[route('a', 3000, 1), route('b', 2000, 1)], 'passes', '0.05 %'],
    [[route('a', 1000, 1)], 'passes', '0.1 %'],
    [[route('a', 1000, 2), route('b', 3000, 10), route('c', 9)], 'refuses', 'a 0.2 %, b 0.333 %'],
    [[{ ...route('a', 100, 5), failed }], 'refuses', 'a 5 % (2 differ, 2 errors, 1 time-outs)'],
    [
      [{ ...route('a', 100, 5), failed: { errors: 5, timeouts: 0 } }],
      'refuses',
      'a 5 % (0 differ, 5 errors)',
    ],
    [[{ ...route('a', 100, 5), failed: { errors: 0, timeouts: 0 } }], 'refuses', 'a 5 %'],
  ])('mismatches: %j', (shadow, ok, actual) =>
    expect(told(traffic.mismatches, { ...(shadow && { shadow }) })).toEqual([
      'mismatches',
      ok,
      actual,
      'at most 0.1 % of each read route',
      ok === 'passes' ? '' : 'strangler shadow shop shows what differs',
      ok === 'passes' ? undefined : 'strangler shadow shop',
    ]),
  );

  const all = 'all facade instances alive and on the current epoch';
  test.each([
    [undefined, 'refuses', 'not known', 'strangler doctor shop says what to mend'],
    [{ notNeeded: true, alive: 0, behind: ['x'] }, 'passes', 'not needed (--no-facade)', ''],
    [
      { alive: 0 },
      'refuses',
      'no facade is alive',
      'Start the facade, or use --no-facade when no traffic flows.',
    ],
    [
      { alive: 3, behind: ['a', 'b'] },
      'refuses',
      'behind the current epoch: a, b',
      'Look at the log of that facade: it has not seen the last change of owner.',
    ],
    [{ alive: 2 }, 'passes', '2 alive', ''],
    [{ alive: 2, stale: ['c'] }, 'passes', '2 alive, 1 gone', ''],
  ])('facades: %j', (known, ok, actual, remedy) => {
    const facades = known && { stale: [], behind: [], ...known };
    expect(told(traffic.facades, { facades }).slice(0, 5)).toEqual([
      'facades',
      ok,
      actual,
      all,
      remedy,
    ]);
  });

  const take =
    'Give those facades this file and send them SIGHUP; plan.problem of their /health/ready says why they do not take it.';
  test.each([
    [undefined, 'refuses', 'not known', 'strangler doctor shop says what to mend'],
    [[], 'passes', 'the same', ''],
    [['a', 'b'], 'refuses', 'another one at a, b', take],
  ])('context-files: %j', (otherPlan, ok, actual, remedy) =>
    expect(told(traffic.contextFiles, { ...(otherPlan && { otherPlan }) }).slice(0, 5)).toEqual([
      'context-files',
      ok,
      actual,
      'every facade serves by this context file',
      remedy,
    ]),
  );

  const everywhere = 'strangler route shop --all --percent 100';
  test.each([
    [undefined, 'refuses', 'not known'],
    [0, 'passes', '0 in the last day'],
    [7, 'refuses', '7 in the last day'],
  ])('reads-on-monolith: %j', (reads, ok, actual) =>
    expect(
      told(traffic.noReads, { ...(reads !== undefined && { readsOnMonolith: reads }) }),
    ).toEqual([
      'reads-on-monolith',
      ok,
      actual,
      '0 in the last day',
      ok === 'passes' ? '' : everywhere,
      ok === 'passes' ? undefined : everywhere,
    ]),
  );
});

test.each([
  [0.123, '0.12 s'],
  [9.999, '10 s'],
  [10.4, '10 s'],
  [3600.5, '3601 s'],
])('%d seconds are told as %s', (value, text) => expect(seconds(value)).toBe(text));

describe('settings', () => {
  const definition = (more: object) => ({ context: 'shop', ...more }) as MigrationDefinition;

  test('are the defaults where the file says nothing, or undefined', () => {
    expect(gateSettings(definition({}))).toEqual({
      maxLagSeconds: 5,
      minShadowReads: 1000,
      maxMismatchPercent: 0.1,
      verificationMaxAgeSeconds: 3600,
      rampMinRequests: 100,
      rampMaxErrorExcessPercent: 0.5,
      rampMaxRefusedExcessPercent: 5,
      rampMaxLatencyRatio: 2,
      watchSeconds: 0,
      retireAfterDays: 14,
      pacts: true,
    });
    expect(cutoverSettings(definition({ cutover: { holdTimeoutMs: undefined } }))).toEqual({
      holdTimeoutMs: 10_000,
      fenceLockTimeoutMs: 1000,
      fenceAttempts: 5,
      catchUpTimeoutMs: 5000,
      sequenceGap: 1000,
    });
  });

  test('are what the file says, also 0 and false', () => {
    const gates = { pacts: false, minShadowReads: 0 };
    expect(gateSettings(definition({ gates }))).toEqual({ ...defaultGates, ...gates });
    expect(cutoverSettings(definition({ cutover: { sequenceGap: 0 } }))).toEqual({
      ...defaultCutover,
      sequenceGap: 0,
    });
  });
});
