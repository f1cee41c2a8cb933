import { describe, expect, test } from '@jest/globals';
import { Problem, problemOf } from './problem.ts';

describe('a problem answer', () => {
  test('shows what a Problem carries', () => {
    expect(
      problemOf(
        new Problem(409, 'Taken', { detail: 'sku A-1 exists', extensions: { sku: 'A-1' } }),
      ),
    ).toEqual({
      type: 'about:blank',
      title: 'Taken',
      status: 409,
      detail: 'sku A-1 exists',
      sku: 'A-1',
    });
  });

  test('keeps the status of errors that carry one', () => {
    expect(
      problemOf(Object.assign(new Error('request entity too large'), { status: 413 })),
    ).toMatchObject({ status: 413, title: 'Payload Too Large' });
  });

  test.each([
    [new Error('password=secret')],
    ['secret'],
    [undefined],
    [Object.assign(new Error('secret'), { status: 999 })],
  ])('never shows the text of an unexpected error', (error) => {
    const body = problemOf(error);
    expect(body.status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});
