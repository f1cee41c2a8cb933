// Jest sees exactly what Node runs: types are stripped, nothing is rewritten.
import { stripTypeScriptTypes } from 'node:module';
export default {
  process: (source, path) => ({
    code: path.endsWith('.ts') ? stripTypeScriptTypes(source) : source,
  }),
};
