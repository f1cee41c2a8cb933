// Given to Node with --import: puts the mistake that PLANTED_MUTANT names into its file while it is loaded.
import { registerHooks } from 'node:module';
import { planted } from './planted.mjs';

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || !loaded.source) return loaded;
    const source = planted(new URL(url).pathname, Buffer.from(loaded.source).toString());
    return source === undefined ? loaded : { ...loaded, source };
  },
});
