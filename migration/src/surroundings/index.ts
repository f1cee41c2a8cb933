export { lookAround } from './look-around.ts';
export { decisionsFinding, type OpenQuestion } from './open-question.ts';
