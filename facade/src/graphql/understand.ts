import type { Understood } from '@strangler-toolkit/plan';
import { selectOperation } from '@strangler-toolkit/plan/graphql';
import type { Documents } from './documents.ts';
import { readQuestion, type Said, type Spoken } from './question.ts';

function one(documents: Documents, said: Said): Understood {
  const { document, names, hash, id } = said;
  if (id !== undefined)
    return { kind: 'unreadable', because: 'it names a document by an id that is no hash of it' };
  const text = document ?? (hash === undefined ? undefined : documents.textOf(hash));
  if (text === undefined) return { kind: hash === undefined ? 'nothing' : 'unknown-document' };
  const { read, hash: its } = documents.look(text);
  // some servers take the document of the hash, some that of the text
  if (hash !== undefined && hash !== its)
    return { kind: 'unreadable', because: 'its hash is not that of its document' };
  if (read.kind === 'nonsense') return { kind: 'nothing' };
  if (read.kind === 'unreadable') return read;
  const operation = selectOperation(read.operations, names);
  if (typeof operation === 'string') return { kind: 'unreadable', because: operation };
  return { kind: 'operations', operations: [operation] };
}

/** Every operation of a request, or why they are not all known: one that is not could be any. */
export function understand(documents: Documents, spoken: Spoken): Understood {
  const question = readQuestion(spoken);
  if (question.kind !== 'said') return question;
  const all = question.all.map((said) => one(documents, said));
  const unsure =
    all.find(({ kind }) => kind === 'unreadable') ??
    all.find(({ kind }) => kind === 'unknown-document');
  if (unsure) return unsure;
  const operations = all.flatMap((each) => (each.kind === 'operations' ? each.operations : []));
  return operations.length === 0 ? { kind: 'nothing' } : { kind: 'operations', operations };
}
