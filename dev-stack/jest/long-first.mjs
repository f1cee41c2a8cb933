import TestSequencer from '@jest/test-sequencer';
import { inOrder } from './in-order.ts';
import { slowSuites, wholeStacks } from './slow-suites.ts';

const placeIn = (suites, path) => suites.findIndex((suite) => path.endsWith(`/${suite}`));
const placeOf = ({ path }) => {
  const place = placeIn(slowSuites, path);
  return place === -1 ? slowSuites.length : place;
};

/** The suites that take longest begin first, whole stacks one at a time. */
export default class LongFirst extends TestSequencer {
  async sort(tests) {
    const usual = await super.sort([...tests]);
    return inOrder(usual, placeOf, ({ path }) => placeIn(wholeStacks, path) !== -1);
  }
}
