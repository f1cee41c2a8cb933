export { lookAround } from './look-around.ts';
export { decisionsFinding, isOpen, type OpenQuestion, type Surrounding } from './surrounding.ts';
