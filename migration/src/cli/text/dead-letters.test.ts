import { expect, test } from '@jest/globals';
import { deadLettersText } from './dead-letters.ts';

test('no letters are a sentence', () =>
  expect(deadLettersText([], false)).toBe('no open dead letters'));

test('one line each, numbers of any size as text', () =>
  expect(deadLettersText([{ id: 7n }, { id: 8n }], false)).toBe('{"id":"7"}\n{"id":"8"}'));

test('in full over several lines', () =>
  expect(deadLettersText([{ id: '7' }], true)).toBe('{\n  "id": "7"\n}'));
