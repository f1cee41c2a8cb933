import { expect, test } from '@jest/globals';
import { bearerOf } from './bearer.ts';

test.each([
  [[], { kind: 'none' }],
  [['Authorization', 'Basic YTpi'], { kind: 'none' }],
  [['authorization', 'Bearers a.b.c'], { kind: 'none' }],
  [['Authorization', 'Bearer a.b-c_.d'], { kind: 'token', token: 'a.b-c_.d' }],
  [['AUTHORIZATION', 'bEARER   a.b.c '], { kind: 'token', token: 'a.b.c' }],
  [['Authorization', 'Bearer'], { kind: 'faulty', why: 'it is no token' }],
  [['Authorization', 'Bearer a.b.c, Bearer d.e.f'], { kind: 'faulty', why: 'it is no token' }],
  [['Authorization', 'Bearer a\u00e9.b.c'], { kind: 'faulty', why: 'it is no token' }],
  [
    ['Authorization', 'Bearer a.b.c', 'authorization', 'Bearer a.b.c'],
    { kind: 'faulty', why: 'Authorization is there twice' },
  ],
  [
    ['Authorization', 'Basic YTpi', 'authorization', 'Bearer a.b.c'],
    { kind: 'faulty', why: 'Authorization is there twice' },
  ],
  [['Authorization', `Bearer ${'a'.repeat(16_384)}`], { kind: 'token', token: 'a'.repeat(16_384) }],
  [
    ['Authorization', `Bearer ${'a'.repeat(16_385)}`],
    { kind: 'faulty', why: 'the token is too long' },
  ],
] as const)('what %j shows is %j', (raw, bearer) => expect(bearerOf(raw)).toEqual(bearer));
