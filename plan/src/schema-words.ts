import { z } from 'zod';
import { unknownName } from './nearest-name.ts';

/** An object that refuses keys it does not know, naming the nearest known one. */
export const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => unknownName(key, Object.keys(shape))).join('; ');
      return issue.input === undefined ? 'is missing' : undefined;
    },
  });

export const text = z.string({
  error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a string'),
});
export const nonEmpty = text.refine((value) => value.trim() !== '', 'must not be empty');
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: (issue) =>
      issue.input === undefined
        ? 'is missing'
        : `must be one of ${values.join(', ')} (is ${JSON.stringify(issue.input)})`,
  });
export const listOf = <T extends z.ZodType>(item: T) =>
  z.array(item, {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be an array'),
  });
/** zod leaves this key out without a word. */
const withoutProto = z.unknown().superRefine((value, context) => {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
    context.addIssue({ code: 'custom', message: 'is no name', path: ['__proto__'] });
});
export const recordOf = <T extends z.ZodType>(value: T) =>
  withoutProto.pipe(
    z.record(z.string(), value, {
      error: (issue) => (issue.input === undefined ? 'is missing' : 'must be an object'),
    }),
  );
export const number = (
  rule: 'integer' | 'any',
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
) =>
  z
    .number({ error: 'must be a number' })
    .refine(
      (value) =>
        (rule === 'any' || Number.isInteger(value)) && value >= minimum && value <= maximum,
      `must be ${rule === 'integer' ? 'a whole number' : 'a number'} of at least ${minimum}` +
        (maximum === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${maximum}`),
    );

const protocolOf = (value: string): string | undefined => {
  try {
    return new URL(value).protocol;
  } catch {
    return undefined;
  }
};

/** A string, or `env('NAME')`. `rule` says what is wrong with a string that is written out. */
export const setting = (rule: (value: string) => string | undefined = () => undefined) =>
  z.unknown().superRefine((value, context) => {
    const refuse = (message: string, path: PropertyKey[] = []): void =>
      context.addIssue({ code: 'custom', message, path });
    if (value === undefined) return refuse('is missing');
    if (typeof value === 'string') {
      const problem = rule(value);
      if (problem !== undefined) refuse(problem);
      return;
    }
    if (
      typeof value !== 'object' ||
      value === null ||
      !('env' in value) ||
      typeof value.env !== 'string'
    )
      return refuse(`must be a string or env('NAME')`);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value.env))
      refuse(`must name an environment variable (is ${JSON.stringify(value.env)})`, ['env']);
    if ('default' in value && value.default !== undefined && typeof value.default !== 'string')
      refuse('must be a string', ['default']);
    for (const key of Object.keys(value))
      if (key !== 'env' && key !== 'default') refuse(unknownName(key, ['env', 'default']));
  });
const urlOf =
  (...protocols: readonly string[]) =>
  (value: string): string | undefined => {
    const protocol = protocolOf(value);
    return protocol !== undefined && protocols.includes(protocol)
      ? undefined
      : `must be a URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}`;
  };
export const httpUrl = setting(urlOf('http:', 'https:'));
export const databaseUrl = setting(urlOf('postgres:', 'postgresql:'));
// A config provider's reference in the place of the password is no part of a URL.
export const databaseUrlForConnect = setting((value) =>
  urlOf('postgres:', 'postgresql:')(value.replace(/\$\{[^}]*\}/, 'reference')),
);
