export { lookAround } from './look-around.ts';
export { decisionsFinding } from './open-question.ts';
