export { createFacade, type Facade } from './facade.ts';
export type { FacadeLimits, FacadeOptions } from './config/options.ts';
export { environmentHelp, parseEnvironment } from './config/environment.ts';
export { main } from './main.ts';
