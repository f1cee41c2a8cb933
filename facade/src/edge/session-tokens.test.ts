import { beforeEach, expect, test } from '@jest/globals';
import { IdentityUnknown, SessionTokens } from './session-tokens.ts';
import type { WhoItIs } from './who-it-is.ts';

let now = 0;
let questions = 0;
let answer: WhoItIs | Error;
let failures: string[];
let tokens: SessionTokens;
const anna: WhoItIs = { kind: 'somebody', subject: 'anna', claims: {} };
beforeEach(() => {
  now = 0;
  questions = 0;
  failures = [];
  answer = anna;
  tokens = new SessionTokens({
    cacheMs: 30_000,
    maxSessions: 3,
    now: () => now,
    sign: async ({ subject }) => `${subject} ${questions}`,
    onFailure: (why) => failures.push(why),
  });
});
const ask = async (): Promise<WhoItIs> => {
  questions++;
  if (answer instanceof Error) throw answer;
  return answer;
};
const token = (session = 'sid=a', asked = 'shop', address = 'a') =>
  tokens.tokenFor({ session, asked, address }, ask);

test('the monolith is asked once for many requests of a session, and again when the token is half as old as it gets', async () => {
  expect(await Promise.all([token(), token(), token()])).toEqual(['anna 1', 'anna 1', 'anna 1']);
  now = 29_999;
  expect(await token()).toBe('anna 1');
  now = 30_000;
  expect(await token()).toBe('anna 2');
});

test('another host or scheme is another question', async () => {
  await token();
  expect(await token('sid=a', 'other')).toBe('anna 2');
});

test('a session that changed is asked for again, also while it is being asked for', async () => {
  let tell: (who: WhoItIs) => void = () => {};
  const slow = tokens.tokenFor({ session: 'sid=a', asked: 'shop', address: 'a' }, () => {
    questions++;
    return new Promise((resolve) => (tell = resolve));
  });
  tokens.forget('sid=a');
  answer = { kind: 'nobody' };
  expect(await token()).toBeUndefined();
  tell(anna);
  expect(await slow).toBe('anna 2');
  expect(await token()).toBeUndefined();
});

test('a session that changed is asked for again in whatever words: in another order, or with another cookie beside', async () => {
  for (const session of ['sid=a; x=1', 'x=1; sid=a', 'sid=b']) await token(session);
  tokens.forget('sid=a');
  answer = { kind: 'nobody' };
  expect(await token('x=1; sid=a')).toBeUndefined();
  expect(await token('sid=a; x=1')).toBeUndefined();
  expect(await token('sid=b')).toBe('anna 3');
});

test('of many sessions the one that asked last stays', async () => {
  for (const session of ['sid=a', 'sid=b', 'sid=c', 'sid=a', 'sid=d']) await token(session);
  expect(await token()).toBe('anna 1');
  expect(await token('sid=b')).toBe('anna 5');
});

test('nobody may be somebody after five seconds', async () => {
  answer = { kind: 'nobody' };
  expect(await token()).toBeUndefined();
  answer = anna;
  now = 4_999;
  expect(await token()).toBeUndefined();
  now = 5_000;
  expect(await token()).toBe('anna 2');
});

test('while the monolith is silent a token is told until ten seconds before its end, and the monolith not asked for each request', async () => {
  await token();
  answer = new Error('down');
  now = 30_000;
  expect(await token()).toBe('anna 1');
  expect(await token()).toBe('anna 1');
  expect(questions).toBe(2);
  now = 49_999;
  expect(await token()).toBe('anna 1');
  now = 50_000;
  await expect(token()).rejects.toBeInstanceOf(IdentityUnknown);
  answer = anna;
  now = 51_000;
  expect(await token()).toBe('anna 4');
  expect(failures).toEqual(['down', 'down']);
});

test('an answer that says nothing is no nobody', async () => {
  answer = { kind: 'unknown', why: 'it answered 500' };
  await expect(token()).rejects.toBeInstanceOf(IdentityUnknown);
  await expect(token()).rejects.toBeInstanceOf(IdentityUnknown);
  expect({ questions, failures }).toEqual({ questions: 1, failures: ['it answered 500'] });
  // of another session nothing is known yet
  await expect(token('sid=b')).rejects.toBeInstanceOf(IdentityUnknown);
  expect(questions).toBe(2);
});

test('a session that somebody has is not pushed out by those that nobody has', async () => {
  await token();
  answer = { kind: 'nobody' };
  for (const session of ['x=1', 'x=2', 'x=3', 'x=4', 'x=5']) await token(session);
  expect(tokens.size).toBe(4);
  expect(await token()).toBe('anna 1');
  // it ends, and is one of many then
  now = 30_000;
  expect(await token()).toBeUndefined();
  expect(tokens.size).toBe(3);
});

test('invented sessions fill neither the memory nor the monolith', async () => {
  await token();
  for (const session of ['b', 'c', 'd']) await token(session);
  expect(tokens.size).toBe(3);
  expect(await token()).toBe('anna 5');
  const open: (() => void)[] = [];
  const hang = (): Promise<WhoItIs> => new Promise((resolve) => open.push(() => resolve(anna)));
  const waiting = Array.from({ length: 70 }, (_, index) =>
    tokens
      .tokenFor({ session: `x${index}`, asked: '', address: `${index}` }, hang)
      .catch(() => 'refused'),
  );
  await new Promise(setImmediate);
  expect(open).toHaveLength(48);
  // whom the monolith knew before is asked about meanwhile, and still remembered
  now = 30_000;
  expect(await token('d')).toBe('anna 6');
  for (const end of open) end();
  expect((await Promise.all(waiting)).filter((one) => one === 'refused')).toHaveLength(22);
});
