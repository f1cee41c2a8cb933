// As jest.transform.mjs, with one mistake put in on the way. Nothing is written to the work tree.
import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';
import { relative } from 'node:path';
import { repository } from './rooms.mjs';

const planted = (path) => {
  const mutant = globalThis.plantedMutant;
  return mutant !== undefined && relative(repository, path) === mutant.file ? mutant : undefined;
};

export default {
  getCacheKey: (source, path) =>
    createHash('sha256')
      .update(JSON.stringify([path, source, planted(path) ?? null]))
      .digest('hex'),
  process: (source, path) => {
    const mutant = planted(path);
    const code = mutant
      ? source.slice(0, mutant.start) + mutant.to + source.slice(mutant.end)
      : source;
    return { code: path.endsWith('.ts') ? stripTypeScriptTypes(code) : code };
  },
};
