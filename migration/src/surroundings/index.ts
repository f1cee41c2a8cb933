export { describeKey } from './foreign-key-questions.ts';
export { lookAround } from './look-around.ts';
export { decisionsFinding, isOpen } from './surrounding.ts';
