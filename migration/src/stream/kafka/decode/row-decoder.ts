import { StranglerError } from '@strangler-toolkit/plan';
import type { Row } from '../../change-event.ts';
import type { DecoderColumn } from './column-type.ts';
import type { JsonRow } from './envelope.ts';
import { ReadText } from './read-text.ts';
import { unavailable } from './settings.ts';
import { isUnavailable } from './unavailable.ts';
import { valueDecoder } from './value-decoder.ts';

interface ColumnDecoder {
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
  const decoders = columns.flatMap((column): readonly ColumnDecoder[] => {
    const decode = valueDecoder(column);
    if (decode !== undefined)
      return [{ name: column.name, decode, isUnavailable: isUnavailable(column) }];
    if (options.unsupported === 'skip') return [];
    throw new StranglerError(
      'TYPE_UNSUPPORTED',
      `Column ${qualified(column.name)} has type ${column.type}, whose values Debezium does not bring whole`,
    );
  });
  const failed = ({ name }: ColumnDecoder, value: unknown): StranglerError => {
    const type = columns.find((column) => column.name === name)?.type ?? '';
    return new StranglerError(
      'DECODE_FAILED',
      `Column ${qualified(name)} of type ${type} cannot be ` +
        `${shown(value)}${Array.isArray(value) ? ' (arrays of several dimensions, or of NULLs only, do not come whole)' : ''}`,
      { details: { column: name, type } },
    );
  };
  return (row) => {
    const decoded: Record<string, string | null> = {};
    for (let index = 0; index < decoders.length; index += 1) {
      const decoder = decoders[index];
      if (decoder === undefined) break;
      const value = row[decoder.name];
      if (value === null) decoded[decoder.name] = null;
      else if (value instanceof ReadText) decoded[decoder.name] = value.text;
      else if (
        value !== undefined &&
        value !== unavailable &&
        decoder.isUnavailable?.(value) !== true
      ) {
        const text = decoder.decode(value);
        if (text === undefined) throw failed(decoder, value);
        decoded[decoder.name] = text;
      }
    }
    return decoded;
  };
}
