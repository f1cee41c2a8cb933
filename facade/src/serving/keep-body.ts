import type { Passage } from './passage.ts';

/** Largest announced request body of a read that is kept in memory, bytes. */
const keptBytes = 65_536;

/**
 * Some reads ask by POST. A small body is kept, so that the question can be asked again: of the other side when the first
 * fails, and as a shadow. A larger one, or one of unknown length, streams through and can be asked once.
 * Returns undefined when the client left before it had sent it.
 */
export async function keepBody(passage: Passage, withinMs: number): Promise<Passage | undefined> {
  const announced = Number(passage.arrival.headers['content-length'] ?? Number.NaN);
  if (!passage.withBody || !(announced <= keptBytes)) return passage;
  const chunks: Buffer[] = [];
  // Who announces a body and never sends it must not hold a request for ever.
  const timer = setTimeout(() => passage.arrival.request.destroy(), withinMs);
  try {
    for await (const chunk of passage.arrival.request) chunks.push(chunk);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
  return { ...passage, withBody: false, body: Buffer.concat(chunks) };
}
