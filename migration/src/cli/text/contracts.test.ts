import { describe, expect, test } from '@jest/globals';
import type { ContractsResult } from '../../steps/contracts/verify.ts';
import type { InteractionResult, SideResult } from '../../steps/contracts/verifier.ts';
import { githubAnnotations, gitlabReport } from '../reports/annotations.ts';
import { junit } from '../reports/junit.ts';
import { markdown } from '../reports/markdown.ts';
import { contractsText } from './contracts.ts';

const interaction = (
  description: string,
  verdict: InteractionResult['verdict'] = 'kept',
  mismatch = '',
): InteractionResult => ({
  consumer: 'web',
  description,
  verdict,
  ok: verdict === 'kept',
  mismatch,
  pact: 'web-shop.json',
});
const side = (...interactions: InteractionResult[]): SideResult => ({
  ok: interactions.every(({ ok }) => ok),
  url: 'http://here',
  interactions,
  seconds: 1.5,
});
const resultOf = (sides: ContractsResult['sides'], recorded = true): ContractsResult => ({
  context: 'shop',
  provider: 'shop',
  pacts: 'pacts',
  recorded,
  sides,
});
const broken = resultOf({
  monolith: side(interaction('one'), interaction('two')),
  service: side(
    interaction('one', 'broken', 'expected "a" <b>\nbut was | `c`\u0001'),
    interaction('two', 'pending', 'not verified: marked pending'),
  ),
});

describe('contracts on screen', () => {
  test('a matrix, and what differed with all providers below each other', () => {
    expect(contractsText(broken)).toBe(
      [
        'interaction  monolith   service',
        'one          kept       BROKEN',
        'two          kept       pending',
        '',
        'one:',
        '  monolith: kept',
        '  service: expected "a" <b>',
        'but was | `c`\u0001',
        '',
        'two:',
        '  monolith: kept',
        '  service: not verified: marked pending',
        '',
        'shop: the pacts do not hold on service',
      ].join('\n'),
    );
  });

  test('who was not asked has no verdict: a message is asked of who publishes it, and the same words may stand twice', () => {
    const text = contractsText(
      resultOf({
        monolith: side(interaction('one')),
        service: side(
          interaction('one'),
          interaction('told', 'broken', 'nothing was'),
          interaction('told'),
        ),
      }),
    );
    expect(text).toBe(
      [
        'interaction  monolith   service',
        'one          kept       kept',
        'told         -          BROKEN',
        'told         -          kept',
        '',
        'told:',
        '  service: nothing was',
        '',
        'shop: the pacts do not hold on service',
      ].join('\n'),
    );
    expect(
      contractsText(
        resultOf({ a: side(interaction('one')), b: side(interaction('two'), interaction('one')) }),
      ),
    ).toMatch(/\(2 interactions\)$/);
  });

  test('what was not recorded says so', () => {
    expect(contractsText(resultOf({ service: side(interaction('one')) }, false))).toMatch(
      /\nshop: the pacts hold on service \(1 interactions each\); not recorded as evidence$/,
    );
  });
});

test('JUnit: what differs is a failure, what was not verified an error, and no byte breaks the XML', () => {
  expect(junit(broken)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="shop on monolith" tests="2" failures="0" errors="0" time="1.5">
    <testcase classname="shop.monolith.web" name="one"></testcase>
    <testcase classname="shop.monolith.web" name="two"></testcase>
  </testsuite>
  <testsuite name="shop on service" tests="2" failures="1" errors="1" time="1.5">
    <testcase classname="shop.service.web" name="one"><failure type="broken" message="expected &quot;a&quot; &lt;b&gt;">expected &quot;a&quot; &lt;b&gt;
but was | \`c\`\uFFFD</failure></testcase>
    <testcase classname="shop.service.web" name="two"><error type="pending" message="not verified: marked pending">not verified: marked pending</error></testcase>
  </testsuite>
</testsuites>
`);
});

test('the summary escapes what a table or a fence would end at', () => {
  const text = markdown(
    resultOf({ service: side(interaction('a|b', 'broken', '```\nexpected ``` here')) }),
  );
  expect(text).toContain('### Pacts of `shop`: not kept on service\n');
  expect(text).toContain('| web: a\\|b | BROKEN |');
  expect(text).toContain('````\n```\nexpected ``` here\n````');
  expect(markdown(resultOf({ service: side(interaction('one')) }))).toMatch(
    /^### Pacts of `shop`: kept\n\n\| interaction \| service \|\n\|---\|---\|\n\| web: one \| kept \|\n/,
  );
});

test('GitHub gets one command for each failure, with its signs escaped', () => {
  expect(githubAnnotations(broken)).toEqual([
    '::error title=service breaks a pact of web::one: expected "a" <b>%0Abut was | `c`\u0001',
    '::error title=service breaks a pact of web::two: not verified: marked pending',
  ]);
});

test('GitLab knows a fault again in the next run, whatever the answer was', () => {
  const report = (mismatch: string): { fingerprint: string; severity: string }[] =>
    JSON.parse(
      gitlabReport(resultOf({ service: side(interaction('one', 'broken', mismatch)) }), 'pacts'),
    );
  const [first] = report('was 1');
  const [second] = report('was 2');
  expect(first).toMatchObject({
    description: 'service: web: one: was 1',
    check_name: 'pact-broken',
    severity: 'critical',
    location: { path: 'pacts', lines: { begin: 1 } },
  });
  expect(first?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(second?.fingerprint).toBe(first?.fingerprint);
});
