import { describe, expect, test } from '@jest/globals';
import { formOf } from './text-form.ts';

const repeated = (...words: string[]): string[] => Array.from({ length: 4 }, () => words).flat();

describe('texts of one place have the form', () => {
  test.each([
    ['date-time', ['2026-01-02T03:04:05.678Z', '2025-12-31T00:00:00.000Z'], '\\.\\d{3}Z$'],
    ['date-time', ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.1Z'], '(?:\\.\\d+)?Z$'],
    ['date-time', ['2026-01-02 03:04:05+02:00'], ' \\d{2}:\\d{2}:\\d{2}[+-]\\d{2}:\\d{2}$'],
    ['date', ['2026-01-02'], '^\\d{4}-\\d{2}-\\d{2}$'],
    ['time', ['12:30', '12:30:59'], '^\\d{2}:\\d{2}(?::\\d{2})?$'],
    ['decimal', ['19.90', '-0.05'], '^-?\\d+\\.\\d{2}$'],
    ['decimal', ['19.9', '7'], '^-?\\d+(?:\\.\\d+)?$'],
    ['enum', repeated('open', 'in_progress'), '^(?:in_progress|open)$'],
  ])('%s: %j', (name, texts, pattern) => {
    const form = formOf(texts, 'field');
    expect(form?.name).toBe(name);
    expect(form?.pattern).toContain(pattern);
    for (const text of [...texts, form?.example ?? ''])
      expect(text).toMatch(new RegExp(form?.pattern ?? '^never$'));
  });

  test.each([
    ['codes of digits', ['007', '042']],
    ['one word that was always the same', repeated('open')],
    ['words too few to know all of them', ['open', 'closed', 'open']],
    ['what is written like a name', repeated('Anna', 'Bert')],
    ['forms that differ', ['2026-01-02', '12:30']],
  ])('none: %s', (_what, texts) => {
    expect(formOf(texts, 'field')).toBeUndefined();
  });

  test('none, where a field names people: its words are somebody, however they are written', () => {
    expect(formOf(repeated('anna', 'bert'), 'authorName')).toBeUndefined();
  });
});
