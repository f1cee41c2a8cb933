import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutationsOf } from './mutations.mjs';
import { filesOf, readJson, repository, rooms, writtenDown } from './rooms.mjs';

const lineAt = (source, offset) => source.slice(0, offset).split('\n').length;
const wholeLine = (source, offset) => {
  const begin = source.lastIndexOf('\n', offset - 1) + 1;
  const end = source.indexOf('\n', offset);
  return source.slice(begin, end < 0 ? undefined : end).trim();
};

/**
 * Mistakes that somebody thought of. `suite` names who must notice, with servers, and `test` which of its tests; without it the
 * nearest suites that need no server are asked. `from` stands in the file once, or the entry has grown old. `equivalent` says why
 * nobody could notice it after all: it stays, so that nobody thinks of it again.
 */
function byHand({ room, files, whole }, tellOld) {
  return writtenDown(room)
    .filter(({ file }) => whole || files.includes(file))
    .flatMap(({ file, from, to, why, suite, test, equivalent }) => {
      const source = existsSync(join(repository, file))
        ? readFileSync(join(repository, file), 'utf8')
        : '';
      const pieces = source.split(from);
      if (pieces.length !== 2) {
        tellOld(
          `by-hand/${room}.json: ${JSON.stringify(from)} stands ${pieces.length - 1} times in ${file}, not once`,
        );
        return [];
      }
      return {
        file,
        start: pieces[0].length,
        end: pieces[0].length + from.length,
        to,
        why,
        ...(equivalent !== undefined && { equivalent }),
        ...(suite !== undefined && {
          suites: [suite].flat().map((each) => ({ suite: each, test })),
        }),
      };
    });
}

/**
 * Every mutant of these files. One that changes nothing that anybody could see is marked with the reason that equivalent.json gives.
 * `tellOld` hears of what was written down about code that has changed since.
 */
export function collectMutants(choice, tellOld) {
  const { room, files, whole } = choice;
  const marked = rooms[room].servers
    ? []
    : readJson('equivalent.json').filter(({ file }) => files.includes(file));
  const used = new Set();
  const generic = rooms[room].servers
    ? []
    : files
        .filter((file) => whole || filesOf(rooms[room]).includes(file))
        .flatMap((file) => mutationsOf(file, readFileSync(join(repository, file), 'utf8')));
  const mutants = [...generic, ...byHand(choice, tellOld)].map((mutation) => {
    const source = readFileSync(join(repository, mutation.file), 'utf8');
    const from = source.slice(mutation.start, mutation.end);
    const code = wholeLine(source, mutation.start);
    const equivalent = marked.find(
      (mark) =>
        mark.file === mutation.file &&
        mark.code === code &&
        mark.from === from &&
        mark.to === mutation.to,
    );
    used.add(equivalent);
    return {
      room,
      ...mutation,
      from,
      code,
      line: lineAt(source, mutation.start),
      ...(equivalent && { equivalent: equivalent.reason }),
    };
  });
  const old = marked.find((mark) => !used.has(mark));
  if (whole && old)
    tellOld(`equivalent.json marks what is no mutant any more: ${JSON.stringify(old)}`);
  return mutants;
}
