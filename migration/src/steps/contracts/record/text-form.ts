/** What texts at one place have in common, as a pattern, and a text of that form which is nobody's. */
export interface TextForm {
  readonly name: 'uuid' | 'date-time' | 'date' | 'time' | 'decimal' | 'enum';
  readonly pattern: string;
  readonly example: string;
}

type FormOf = (texts: readonly string[]) => TextForm | undefined;

const all = (texts: readonly string[], pattern: RegExp): boolean =>
  texts.every((text) => pattern.test(text));
/** The one answer that all of them give; undefined when they differ. */
const common = <T>(texts: readonly string[], of: (text: string) => T): T | undefined => {
  const answers = new Set(texts.map(of));
  return answers.size === 1 ? [...answers][0] : undefined;
};
/** Digits after the point: as many as all of them have, else any number of them. */
const digits = (texts: readonly string[], of: RegExp): { pattern: string; example: string } => {
  const count = common(texts, (text) => of.exec(text)?.[1]?.length ?? 0);
  if (count === 0) return { pattern: '', example: '' };
  if (count === undefined) return { pattern: '(?:\\.\\d+)?', example: '' };
  return { pattern: `\\.\\d{${count}}`, example: `.${'0'.repeat(count)}` };
};

const uuid: FormOf = (texts) =>
  all(texts, /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i)
    ? {
        name: 'uuid',
        pattern: '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
        example: '00000000-0000-4000-8000-000000000000',
      }
    : undefined;

const dateTime: FormOf = (texts) => {
  if (!all(texts, /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/)) return;
  const between = common(texts, (text) => text.charAt(10));
  const fraction = digits(texts, /:\d\d\.(\d+)/);
  const zone = common(texts, (text) => /(Z|[+-]\d\d:\d\d)$/.exec(text)?.[1]?.charAt(0) ?? '');
  const offset = '[+-]\\d{2}:\\d{2}';
  const [zonePattern, zoneExample] =
    zone === undefined
      ? [`(?:Z|${offset})?`, 'Z']
      : ({ '': ['', ''], Z: ['Z', 'Z'] }[zone] ?? [offset, '+00:00']);
  return {
    name: 'date-time',
    pattern: `^\\d{4}-\\d{2}-\\d{2}${between ?? '[T ]'}\\d{2}:\\d{2}:\\d{2}${fraction.pattern}${zonePattern}$`,
    example: `2000-01-31${between ?? 'T'}12:00:00${fraction.example}${zoneExample}`,
  };
};

const date: FormOf = (texts) =>
  all(texts, /^\d{4}-\d\d-\d\d$/)
    ? { name: 'date', pattern: '^\\d{4}-\\d{2}-\\d{2}$', example: '2000-01-31' }
    : undefined;

const time: FormOf = (texts) =>
  all(texts, /^\d\d:\d\d(?::\d\d)?$/)
    ? { name: 'time', pattern: '^\\d{2}:\\d{2}(?::\\d{2})?$', example: '12:00:00' }
    : undefined;

const decimal: FormOf = (texts) => {
  // What nobody writes with a point may be a code of digits, with zeros in front that matter.
  if (!all(texts, /^-?\d+(?:\.\d+)?$/) || !texts.some((text) => text.includes('.'))) return;
  const fraction = digits(texts, /\.(\d+)$/);
  return {
    name: 'decimal',
    pattern: `^-?\\d+${fraction.pattern}$`,
    example: `1${fraction.example}`,
  };
};

/** One case, no spaces: a word of the program. A first name, written as one, is none. */
const programWord = /^(?:[a-z]+(?:[_-][a-z]+)*|[A-Z]+(?:[_-][A-Z]+)*)$/;
const fewest = 2;
const most = 6;
/** So often must each word have been seen, on the average, before there seem to be no others. */
const often = 4;

const words: FormOf = (texts) => {
  const seen = [...new Set(texts)].sort();
  if (seen.length < fewest || seen.length > most || texts.length < seen.length * often) return;
  if (!all(seen, programWord)) return;
  return { name: 'enum', pattern: `^(?:${seen.join('|')})$`, example: seen[0] ?? '' };
};

/** Names of fields whose few values may be people, or places where they live. */
const namesPerson =
  /name|user|login|author|owner|person|customer|member|mail|phone|street|city|address|passw|secret|token/i;

/**
 * The form that all texts of one place have; undefined when only their type is common to them.
 * @param field its name: values are told (of an enum) only where they cannot be somebody's
 */
export function formOf(texts: readonly string[], field: string): TextForm | undefined {
  const forms = [uuid, dateTime, date, time, decimal, ...(namesPerson.test(field) ? [] : [words])];
  for (const form of forms) {
    const found = form(texts);
    if (found) return found;
  }
  return undefined;
}
