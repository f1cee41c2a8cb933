import TestSequencer from '@jest/test-sequencer';
import { slowSuites } from './slow-suites.ts';

const placeOf = (path) => {
  const place = slowSuites.findIndex((suite) => path.endsWith(`/${suite}`));
  return place === -1 ? slowSuites.length : place;
};

/** The suites that take longest begin first, so that no worker is left alone with one of them at the end. */
export default class LongFirst extends TestSequencer {
  async sort(tests) {
    const usual = await super.sort([...tests]);
    return usual.toSorted((one, other) => placeOf(one.path) - placeOf(other.path));
  }
}
