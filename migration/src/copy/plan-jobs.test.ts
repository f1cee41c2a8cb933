import { expect, test } from '@jest/globals';
import type { CompiledMapping, CompiledTable } from '../mapping/compiled-mapping.ts';
import { planJobs } from './plan-jobs.ts';
import { TableProgress } from './progress.ts';

const table = (monolith: string, service: string): CompiledTable =>
  ({
    monolith: { schema: 'public', table: monolith, pages: 8 },
    parts: [{ service: { schema: 'public', table: service } }],
  }) as unknown as CompiledTable;

test('rows by their keys are read once for all mappings of their table, and ranges for each', () => {
  const tables = [table('media', 'books'), table('media', 'discs'), table('shops', 'stores')];
  const [ranges, keys] = planJobs(
    { context: 'library', tables, crossing: [] } satisfies CompiledMapping,
    tables.map(({ monolith }) => monolith),
    tables.map(() => new TableProgress('', 0, () => {})),
    {
      left: {
        ranges: [
          {
            table: 'public.media',
            part: 'public.books',
            from: 0,
            to: 8,
            files: '',
            rows: 1,
            bytes: 1,
          },
        ],
        keys: ['1', '2'].map((id) => ({ table: 'public.media', key: { id } })),
      },
      parallel: 1,
      bounded: true,
    },
  );
  expect(
    ranges.map(
      (job) => `${job.kind === 'range' ? `${job.part.service.table} ${job.range.from}` : ''}`,
    ),
  ).toEqual(['books 8', 'discs 0', 'stores 0']);
  expect(
    keys.map((job) =>
      job.kind === 'keys'
        ? [job.keys.length, job.all.map(({ parts }) => parts[0].service.table)]
        : [],
    ),
  ).toEqual([[2, ['books', 'discs']]]);
});
