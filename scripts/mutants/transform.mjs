// As jest.transform.mjs, with one mistake put in on the way. Nothing is written to the work tree.
import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';
import { mutantOf, planted } from './planted.mjs';

export default {
  getCacheKey: (source, path) =>
    createHash('sha256')
      .update(JSON.stringify([path, source, mutantOf(path) ?? null]))
      .digest('hex'),
  process: (source, path) => {
    const code = planted(path, source) ?? source;
    return { code: path.endsWith('.ts') ? stripTypeScriptTypes(code) : code };
  },
};
