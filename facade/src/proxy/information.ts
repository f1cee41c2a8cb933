import type { ServerResponse } from 'node:http';
import { headersObject } from './raw-headers.ts';

/** Early Hints (103) go on to the client; 100 was answered here, and what else may come says nothing to it. */
export function giveInformation(
  response: ServerResponse,
  status: number,
  rawHeaders: readonly string[],
): void {
  const { req } = response;
  if (status !== 103 || response.headersSent || response.destroyed) return;
  if (req.httpVersionMajor === 1 && req.httpVersionMinor === 0) return;
  const hints: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headersObject(rawHeaders)))
    if (value !== undefined && name !== 'connection') hints[name] = value;
  try {
    // a repeated Link header is one hint each
    if (typeof hints.link === 'string') hints.link = hints.link.split(/,\s*(?=<)/);
    if (hints.link !== undefined) response.writeEarlyHints(hints);
  } catch {
    // hints that node finds malformed are no loss: they are hints
  }
}
