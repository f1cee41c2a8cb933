const replacer = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

/** JSON has no 64-bit integers: positions and counts are written as decimal text. `indent`: for people. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, replacer, indent);
