import { expect, test } from '@jest/globals';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { atTheDoor } from './door.ts';
import { limitRules } from './limit-rules.ts';
import { RateLimit } from './rate-limit.ts';

const asked = {
  method: 'POST',
  rawHeaders: [],
  override: undefined,
  route: '',
  identity: () => 'anna',
  address: () => '127.0.0.1',
};

test('a request for two contexts that fall under one limit is counted once', async () => {
  const limits = limitRules
    .parse([
      { requests: 3, seconds: 60, per: 'all' },
      { requests: 3, seconds: 60 },
    ])
    .map(
      (rule) =>
        new RateLimit({
          rule,
          limiter: new RateLimiterMemory({ points: rule.requests, duration: rule.seconds }),
          onFailure: () => {},
          now: () => performance.now(),
        }),
    );
  const duties = {
    jwt: undefined,
    maxBody: undefined,
    cache: undefined,
    cors: undefined,
    rewrites: undefined,
    session: undefined,
    limits,
  };
  const ask = async (): Promise<string> => {
    const counted = new Map();
    await atTheDoor(duties, asked, counted);
    const verdict = await atTheDoor({ ...duties }, asked, counted);
    return verdict.kind === 'let-in' ? String(verdict.headers[1]?.[1]) : verdict.problem.code;
  };
  expect(await ask()).toMatch(/;r=2;.*;r=2;/);
  expect(await ask()).toMatch(/;r=1;.*;r=1;/);
  expect(await ask()).toMatch(/;r=0;.*;r=0;/);
  expect(await ask()).toBe('RATE_LIMITED');
});
