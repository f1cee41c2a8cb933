import { relative } from 'node:path';
import { repository } from './rooms.mjs';

const named = process.env.PLANTED_MUTANT;
const ofProcess = named === undefined ? undefined : JSON.parse(named);

/** The mistake that belongs into this file: of the process, or the one that a warm process is asked about just now. */
export function mutantOf(path) {
  const mutant = globalThis.plantedMutant ?? ofProcess;
  return mutant !== undefined && relative(repository, path) === mutant.file ? mutant : undefined;
}

/** The source with the mistake in it; undefined where there is none. */
export function planted(path, source) {
  const mutant = mutantOf(path);
  return mutant && source.slice(0, mutant.start) + mutant.to + source.slice(mutant.end);
}
