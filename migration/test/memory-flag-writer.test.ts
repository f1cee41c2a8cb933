import { flagWriterSuite } from './support/flag-writer-suite.ts';
import { MemoryFlagWriter } from './support/memory-flag-writer.ts';

const flags = new MemoryFlagWriter();
flagWriterSuite('memory', () => flags);
