export { createFacade, type Facade } from './facade.ts';
export { parseEnvironment } from './config/environment.ts';
export { environmentHelp } from './config/help.ts';
export type { FacadeLimits } from './config/limits.ts';
export type { FacadeOptions } from './config/options.ts';
export { main } from './main.ts';
