import { StranglerError } from '@strangler-toolkit/plan';
import type { ColumnText, Row } from '../stream/change-event.ts';
import type { ColumnLink, CompiledPart } from './compiled-mapping.ts';

/** Monolith row → this part's service row. A column that is absent (unchanged TOAST) stays absent; constants are not added. */
export function projectForward(part: CompiledPart, row: Row): Record<string, ColumnText> {
  const result: Record<string, ColumnText> = {};
  for (const link of part.columns) {
    const value = row[link.from];
    if (value !== undefined) result[link.to] = translate(value, link, 'forward', part);
  }
  return result;
}

/** Service row of this part → the monolith columns it holds. */
export function projectBackward(part: CompiledPart, row: Row): Record<string, ColumnText> {
  const result: Record<string, ColumnText> = {};
  for (const link of part.columns) {
    const value = row[link.to];
    if (value !== undefined) result[link.from] = translate(value, link, 'backward', part);
  }
  return result;
}

function translate(
  value: ColumnText,
  link: ColumnLink,
  way: 'forward' | 'backward',
  part: CompiledPart,
): ColumnText {
  const values = link[way];
  if (value === null || values === null) return value;
  const translated = values.get(value);
  if (translated !== undefined) return translated;
  const inverse = link[way === 'forward' ? 'backward' : 'forward'];
  // passing it unchanged would make it come back as another value
  if (inverse?.has(value) === true) {
    throw new StranglerError(
      'CONFIG_INVALID',
      `${part.line}.columns.${link.from}.values: has no entry for '${value}', which is also what '${inverse.get(value) ?? ''}' becomes`,
      {
        details: { column: link.from, value },
      },
    );
  }
  return value;
}
