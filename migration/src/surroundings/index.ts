export { lookAround } from './look-around.ts';
export { decisionsFinding, isOpen, type OpenQuestion } from './surrounding.ts';
