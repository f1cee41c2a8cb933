import { type BySide, type ConversionName, StranglerError } from '@strangler-toolkit/plan';
import { parseType } from '../type-compatibility.ts';
import { bounded, type ConvertedColumn } from './bounds.ts';
import { centsToDecimal, decimalToCents } from './cents.ts';
import type { Conversion, Way } from './conversion.ts';
import { epochToTimestamp, milliseconds, seconds, timestampToEpoch } from './epoch.ts';
import { booleanToLetters, type Letters, lettersToBoolean } from './letters.ts';
import { textToUuid, uuidToText } from './uuid.ts';

/** What a side of a conversion must be, and in words. */
interface End {
  readonly takes: (type: string, letters: Letters) => boolean;
  readonly needs: string;
}
interface Kind {
  readonly from: End;
  readonly to: End;
  readonly ways: (letters: Letters) => readonly [Way, Way];
}

const base = (...bases: readonly string[]): End['takes'] => {
  const known = new Set(bases);
  return (type) => {
    const parsed = parseType(type);
    return !parsed.array && known.has(parsed.base);
  };
};
const whole: End = { takes: base('smallint', 'integer', 'bigint'), needs: 'a whole number' };
const decimal: End = {
  takes: (type) => /^numeric\(\d+,2\)$/.test(type),
  needs: 'numeric(…,2)',
};
const boolean: End = { takes: base('boolean'), needs: 'boolean' };
/** Texts of a fixed length are filled with blanks, which would count. */
const holds = (type: string, longest: number, shortest: number): boolean => {
  const { base: name, modifier, array } = parseType(type);
  if (array) return false;
  if (name === 'character') return longest === shortest && Number(modifier ?? 1) === longest;
  return (
    name === 'text' || (name === 'character varying' && Number(modifier ?? longest) >= longest)
  );
};
const letter: End = {
  takes: (type, letters) => {
    const lengths = [letters.true, letters.false].map((text) => Array.from(text).length);
    return holds(type, Math.max(...lengths), Math.min(...lengths));
  },
  needs: 'text, varchar or character of the length of both letters',
};
const uuidText: End = {
  takes: (type) => holds(type, 36, 36),
  needs: 'text, varchar or character of length 36',
};
const uuid: End = { takes: base('uuid'), needs: 'uuid' };
const timestamptz = (digits: number): End => ({
  takes: (type) => {
    const { base: name, modifier, array } = parseType(type);
    return !array && name === 'timestamp with time zone' && Number(modifier ?? 6) >= digits;
  },
  needs: digits === 0 ? 'timestamptz' : `timestamptz with at least ${digits} digits of a second`,
});

const epochSeconds: Kind = {
  from: whole,
  to: timestamptz(seconds.digits),
  ways: () => [epochToTimestamp(seconds), timestampToEpoch(seconds)],
};
const epochMilliseconds: Kind = {
  from: whole,
  to: timestamptz(milliseconds.digits),
  ways: () => [epochToTimestamp(milliseconds), timestampToEpoch(milliseconds)],
};
const cents: Kind = { from: whole, to: decimal, ways: () => [centsToDecimal, decimalToCents] };
const letters: Kind = {
  from: letter,
  to: boolean,
  ways: (said) => [lettersToBoolean(said), booleanToLetters(said)],
};
const textUuid: Kind = { from: uuidText, to: uuid, ways: () => [textToUuid, uuidToText] };

const turned = ({ from, to, ways }: Kind): Kind => ({
  from: to,
  to: from,
  ways: (said) => {
    const [there, back] = ways(said);
    return [back, there];
  },
});

const kinds: Readonly<Record<ConversionName, Kind>> = {
  'cents-to-decimal': cents,
  'decimal-to-cents': turned(cents),
  'letters-to-boolean': letters,
  'boolean-to-letters': turned(letters),
  'epoch-seconds-to-timestamptz': epochSeconds,
  'timestamptz-to-epoch-seconds': turned(epochSeconds),
  'epoch-milliseconds-to-timestamptz': epochMilliseconds,
  'timestamptz-to-epoch-milliseconds': turned(epochMilliseconds),
  'text-to-uuid': textUuid,
  'uuid-to-text': turned(textUuid),
};

export interface NamedConversion {
  readonly as: ConversionName;
  readonly letters?: Letters;
  /** Of the context file. */
  readonly line: string;
  readonly columns: BySide<ConvertedColumn>;
}

/** @throws StranglerError CONFIG_INVALID when the columns are not what the conversion is between */
export function namedConversion({
  as,
  letters: said,
  line,
  columns,
}: NamedConversion): Conversion<Way> {
  const { from, to, ...kind } = kinds[as];
  const letters = said ?? { true: '', false: '' };
  const takes: Conversion['takes'] = (types) =>
    from.takes(types.monolith, letters) && to.takes(types.service, letters);
  const { monolith, service } = columns;
  if (!takes({ monolith: monolith.type, service: service.type }))
    throw new StranglerError(
      'CONFIG_INVALID',
      `${line}.as: '${as}' goes from ${from.needs} to ${to.needs}, not from ${monolith.name} (${monolith.type}) ` +
        `to ${service.name} (${service.type})`,
      {
        remedy: takes({ monolith: service.type, service: monolith.type })
          ? 'Write it the other way round: the monolith comes first.'
          : 'Give the columns such types, or choose another conversion (docs/guide/mapping.md).',
        details: { from: monolith.type, to: service.type },
      },
    );
  const ways = kind.ways(letters);
  const there = bounded(ways[0], monolith, service);
  const back = bounded(ways[1], service, monolith);
  const refusal = (name: string, { problem }: Way) =>
    ({
      code: 'VALUE_INEXACT',
      before: `${line}: ${name} `,
      after: ` ${problem}, so '${as}' would not bring it back as it is`,
    }) as const;
  return {
    identity: said === undefined ? as : `${as} ${JSON.stringify([letters.true, letters.false])}`,
    forward: { ...there, ...refusal(monolith.name, there) },
    backward: { ...back, ...refusal(service.name, back) },
    takes,
  };
}
