export { lookAround } from './look-around.ts';
export { decisionsFinding, isOpen } from './surrounding.ts';
