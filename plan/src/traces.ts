export { openTraces, type OpenTraces, type TracesOptions } from './traces/open-traces.ts';
export {
  contextOf,
  parseTraceparent,
  traceparentOf,
  wellFormedTraceparent,
} from './traces/traceparent.ts';
