import { StranglerError } from '@strangler-toolkit/plan';
import type { ColumnText, Row } from '../stream/change-event.ts';
import { type ColumnLink, type CompiledPart, termOf } from './compiled-mapping.ts';
import { refusalText } from './conversions/conversion.ts';

/**
 * Monolith row → this part's service row. A column that is absent (unchanged TOAST) stays absent; constants are not added. What
 * only a server converts is left as it is: the statement that writes it does so.
 */
export function projectForward(
  part: Pick<CompiledPart, 'columns'>,
  row: Row,
): Record<string, ColumnText> {
  const result: Record<string, ColumnText> = {};
  for (const link of part.columns) {
    const value = row[link.from];
    if (value !== undefined) result[link.to] = translate(value, link, 'forward');
  }
  return result;
}

/** Service row of this part → the monolith columns it holds. */
export function projectBackward(part: CompiledPart, row: Row): Record<string, ColumnText> {
  const result: Record<string, ColumnText> = {};
  for (const link of part.columns) {
    const value = row[link.to];
    if (value !== undefined) result[termOf(link)] = translate(value, link, 'backward');
  }
  return result;
}

function translate(value: ColumnText, link: ColumnLink, way: 'forward' | 'backward'): ColumnText {
  if (value === null || link.conversion === null) return value;
  const conversion = link.conversion[way];
  if (conversion.text === null) return value;
  const converted = conversion.text(value);
  if (converted !== null) return converted;
  // passing it unchanged, or the nearest one, would make it come back as another value
  throw new StranglerError(conversion.code, refusalText(conversion, value), {
    details: { column: link[way === 'forward' ? 'from' : 'to'], value, data: true },
  });
}
