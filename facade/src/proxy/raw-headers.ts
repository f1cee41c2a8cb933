import type { IncomingHttpHeaders } from 'node:http';

/** The first value of a header; its name in lower case. */
export function rawHeader(raw: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const candidate = raw[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name)
      return raw[index + 1];
  }
  return undefined;
}

const none: readonly string[] = [];

/** The options of all `Connection` headers, in lower case; `keep-alive` aside, whose header never travels anyway. */
export function connectionOptions(raw: readonly string[]): readonly string[] {
  let options: string[] | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index];
    if (name?.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = raw[index + 1] ?? '';
    if (value === 'keep-alive') continue;
    for (const option of value.split(',')) {
      const one = option.trim().toLowerCase();
      if (one !== '' && one !== 'keep-alive') (options ??= []).push(one);
    }
  }
  return options ?? none;
}

const single = new Set(['content-type', 'content-length', 'host', 'user-agent', 'authorization']);

/** As node would have it: names in lower case, what is repeated joined, cookies of answers apart. */
export function headersObject(raw: readonly string[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? '';
    const value = raw[index + 1] ?? '';
    const before = headers[name];
    if (name === 'set-cookie') (headers[name] ??= []).push(value);
    else if (before === undefined) headers[name] = value;
    else if (!single.has(name))
      headers[name] = `${String(before)}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}
