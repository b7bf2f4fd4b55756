/** The gateway without lockstep: each request goes on as soon as it was read. For the line that shows what lockstep is worth. */
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('/http/lockstep.js')) return nextLoad(url, context);
    return {
      format: 'module',
      shortCircuit: true,
      source: 'export class Lockstep { noteNewcomer() {} join(goOn) { goOn(); } }',
    };
  },
});
await import('../../apps/gateway/src/main.js');
