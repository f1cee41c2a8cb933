import { readFile } from 'node:fs/promises';

/** Longest wait for a document, milliseconds. */
const patienceMs = 15_000;

/**
 * The text of a document that somebody names by file or URL.
 * @throws Error that says why there is none
 */
export async function readSource(source: string, signal: AbortSignal): Promise<string> {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8');
  const answer = await fetch(source, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  });
  if (!answer.ok) throw new Error(`it was answered with ${answer.status} ${answer.statusText}`);
  return answer.text();
}
