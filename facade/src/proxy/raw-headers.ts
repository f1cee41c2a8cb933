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

/** The options of all `Connection` headers, in lower case. */
export function connectionOptions(raw: readonly string[]): string[] {
  const options: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    if (raw[index]?.length === 10 && raw[index]?.toLowerCase() === 'connection')
      options.push(
        ...(raw[index + 1] ?? '')
          .split(',')
          .map((option) => option.trim().toLowerCase())
          .filter((option) => option !== ''),
      );
  return options;
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
