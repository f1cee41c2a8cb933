import { StranglerError } from '@strangler-toolkit/plan';
import type { Row } from '../../change-event.ts';
import type { DecoderColumn } from './column-type.ts';
import type { JsonRow } from './envelope.ts';
import { unavailable } from './settings.ts';
import { isUnavailable } from './unavailable.ts';
import { valueDecoder } from './value-decoder.ts';

interface Step {
  readonly name: string;
  readonly decode: (value: unknown) => string | undefined;
  /** Beyond the bare text. */
  readonly isUnavailable: ((value: unknown) => boolean) | undefined;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);

/**
 * A function that makes PostgreSQL's text of Debezium's JSON, column by column in the order given. What was an unchanged large
 * value, and what the message leaves out, is absent from the result.
 * @param options.table for messages: `schema.table`
 * @param options.unsupported `skip` leaves columns out whose values do not come whole (only for those that nobody reads)
 * @throws StranglerError TYPE_UNSUPPORTED; the function DECODE_FAILED
 */
export function createRowDecoder(
  columns: readonly DecoderColumn[],
  options: { readonly table?: string; readonly unsupported?: 'refuse' | 'skip' } = {},
): (row: JsonRow) => Row {
  const qualified = (name: string): string =>
    options.table === undefined ? name : `${options.table}.${name}`;
  const steps = columns.flatMap((column): readonly Step[] => {
    const decode = valueDecoder(column);
    if (decode !== undefined)
      return [{ name: column.name, decode, isUnavailable: isUnavailable(column) }];
    if (options.unsupported === 'skip') return [];
    throw new StranglerError(
      'TYPE_UNSUPPORTED',
      `Column ${qualified(column.name)} has type ${column.type}, whose values Debezium does not bring whole`,
    );
  });
  const failed = (step: Step, value: unknown): StranglerError => {
    const type = columns.find(({ name }) => name === step.name)?.type ?? '';
    return new StranglerError(
      'DECODE_FAILED',
      `Column ${qualified(step.name)} of type ${type} cannot be ` +
        `${shown(value)}${Array.isArray(value) ? ' (arrays of several dimensions, or of NULLs only, do not come whole)' : ''}`,
      { details: { column: step.name, type } },
    );
  };
  return (row) => {
    const decoded: Record<string, string | null> = {};
    for (let index = 0; index < steps.length; index += 1) {
      const step = steps[index];
      if (step === undefined) break;
      const value = row[step.name];
      if (value === null) decoded[step.name] = null;
      else if (
        value !== undefined &&
        value !== unavailable &&
        step.isUnavailable?.(value) !== true
      ) {
        const text = step.decode(value);
        if (text === undefined) throw failed(step, value);
        decoded[step.name] = text;
      }
    }
    return decoded;
  };
}
