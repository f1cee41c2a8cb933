import { HttpError } from '../http/http-error.ts';
import { parseId } from '../http/input.ts';

export function pathId(value: unknown): string {
  const id = parseId(value);
  if (id === undefined) throw new HttpError(400, { error: 'invalid id' });
  return id;
}
