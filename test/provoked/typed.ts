import { join } from 'node:path';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Failure } from './failure.ts';
import { catalog, type Stack } from './stack.ts';

const nothing = async (): Promise<void> => {};
const unharmed = { provoke: nothing, status: [], doctor: [] } as const;

/** Everything that reads context files is refused; what runs goes on by the files that it knows. */
const wrongFile = (write: (stack: Stack) => Promise<void>, code: string, says: string) => ({
  provoke: write,
  mend: (stack: Stack) => stack.put('catalog', catalog),
  answer: { type: 'strangler cutover catalog --yes', exit: 2, code, says },
  status: { fails: code, exit: 2, says },
  doctor: { fails: code, exit: 2, says },
});

/** Mistakes of whoever types or writes files: nothing is done, and nothing of the system shows them. */
export const typed: readonly Failure[] = [
  {
    name: 'a command that there is not',
    ...unharmed,
    answer: {
      type: 'strangler cutovr catalog',
      exit: 2,
      code: 'USAGE',
      says: "unknown command 'cutovr'",
    },
    todo: '`strangler --help`',
  },
  {
    name: 'an option that there is not',
    ...unharmed,
    answer: {
      type: 'strangler cutover catalog --now',
      exit: 2,
      code: 'USAGE',
      says: "unknown option '--now'",
    },
    todo: '`strangler cutover --help`',
  },
  {
    name: 'a context that there is not',
    ...unharmed,
    answer: {
      type: 'strangler cutover catalgo --yes',
      exit: 2,
      code: 'CONTEXT_UNKNOWN',
      says: 'catalgo',
    },
    todo: 'one of the contexts that the message lists',
  },
  {
    name: 'a question that nobody can answer',
    ...unharmed,
    answer: {
      type: 'strangler cutover catalog',
      exit: 2,
      code: 'CONFIRMATION_NEEDED',
      says: 'catalog',
      remedy: '--yes',
    },
    todo: 'the same with `--yes`',
  },
  {
    name: 'a context file with an error',
    ...wrongFile(
      (stack) =>
        stack.put('catalog', { ...catalog, routes: [{ ...catalog.routes[0], path: 'x' }] }),
      'CONFIG_INVALID',
      'catalog.json: routes[0].path must start with "/"',
    ),
    todo: 'mend the field that is named; facades and workers go on by the file before',
  },
  {
    name: 'a setting that there is not in a context file',
    ...wrongFile(
      (stack) => stack.put('catalog', { ...catalog, routs: [] }),
      'CONFIG_INVALID',
      'catalog.json: …routs',
    ),
    todo: 'the name as the guide spells it',
  },
  {
    name: 'a context file that is no JSON',
    ...wrongFile(
      (stack) => stack.put('catalog', '{ "context": '),
      'CONFIG_INVALID',
      'catalog.json',
    ),
    todo: 'mend the line that is named',
  },
  {
    name: 'a context file that imports what is not there',
    ...wrongFile(
      (stack) => stack.write('other.ts', `import { defineMigration } from 'nowhere';`),
      'CONFIG_INVALID',
      'other.ts: …nowhere',
    ),
    mend: (stack) => stack.remove('other.ts'),
    todo: 'take the import out; `strangler init` writes a file without any',
  },
  {
    name: 'a folder of context files that there is not',
    provoke: async (stack) => void (stack.differently.STRANGLER_CONTEXTS = '/nowhere'),
    mend: async (stack) => void delete stack.differently.STRANGLER_CONTEXTS,
    answer: {
      type: 'strangler cutover catalog --yes',
      exit: 2,
      code: 'CONFIG_NOT_FOUND',
      says: '/nowhere',
    },
    status: { fails: 'CONFIG_NOT_FOUND', exit: 2, says: '/nowhere' },
    doctor: { fails: 'CONFIG_NOT_FOUND', exit: 2, says: '/nowhere' },
    todo: '`--contexts` or `STRANGLER_CONTEXTS`',
  },
  {
    name: 'a variable that is not set',
    provoke: async (stack) => void (stack.differently.STRANGLER_CONTROL_URL = undefined),
    mend: async (stack) => void delete stack.differently.STRANGLER_CONTROL_URL,
    answer: {
      type: 'strangler cutover catalog --yes',
      exit: 2,
      code: 'CONFIG_ENV_MISSING',
      says: 'STRANGLER_CONTROL_URL is not set',
    },
    status: { fails: 'CONFIG_ENV_MISSING', exit: 2, says: 'STRANGLER_CONTROL_URL is not set' },
    doctor: [
      {
        check: 'control database',
        actual: 'CONFIG_ENV_MISSING: STRANGLER_CONTROL_URL is not set',
        remedy: 'Set STRANGLER_CONTROL_URL',
      },
    ],
    todo: 'set it',
  },
  {
    name: 'a move that the stage does not allow',
    ...unharmed,
    answer: {
      type: 'strangler retire catalog --yes',
      exit: 4,
      code: 'MOVE_NOT_ALLOWED',
      says: 'catalog…monolith',
      remedy: 'strangler status <context> shows the next possible command',
    },
    todo: '`strangler status catalog`',
  },
  {
    name: 'a share between 0 and 100 % without Unleash',
    ...unharmed,
    answer: {
      type: 'strangler shadow rates --sample 5',
      exit: 2,
      code: 'UNLEASH_NEEDED',
      says: '5',
      remedy: 'Use 0 or 100, or set UNLEASH_URL',
    },
    todo: '0 or 100, or `UNLEASH_URL`',
  },
  {
    name: 'the address of an OpenAPI document that answers 404',
    ...unharmed,
    provoke: async (stack) => {
      stack.documents = createServer((_request, response) => void response.writeHead(404).end());
      stack.documents.listen(0, '127.0.0.1');
      await once(stack.documents, 'listening');
      const { port } = stack.documents.address() as AddressInfo;
      stack.words.OPENAPI = `http://127.0.0.1:${port}/openapi.json`;
    },
    mend: async (stack) => void stack.documents?.close(),
    answer: {
      type: 'strangler init --context other --database MONOLITH_DATABASE_URL --tables products --openapi OPENAPI',
      exit: 2,
      code: 'CONFIG_NOT_FOUND',
      remedy: 'Name a file or URL of an OpenAPI document in JSON.',
      says: '/openapi.json cannot be read: it was answered with 404 Not Found',
    },
    todo: 'the address of the document, or its file',
  },
  {
    name: 'pacts that nobody wrote',
    ...unharmed,
    provoke: (stack) =>
      stack.put('catalog', {
        ...catalog,
        contracts: { pacts: join(stack.folder.path, 'pacts'), provider: 'catalog' },
      }),
    mend: (stack) => stack.put('catalog', catalog),
    answer: {
      type: 'strangler contracts verify catalog',
      exit: 7,
      code: 'PACTS_NOT_FOUND',
      says: '/pacts',
    },
    todo: "run the consumers' tests, which write them; `contracts.pacts` names the folder",
  },
];
