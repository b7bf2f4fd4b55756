/**
 * The gateway without lockstep: each request goes on as soon as it was read. For the line that shows what lockstep is worth. Of the files
 * as they were compiled, since main.js has all modules in it and none can be replaced there.
 */
import { registerHooks } from 'node:module';

const replaced = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('/http/lockstep.js')) return nextLoad(url, context);
    replaced.add(url);
    return {
      format: 'module',
      shortCircuit: true,
      source: 'export class Lockstep { noteNewcomer() {} join(goOn) { goOn(); } }',
    };
  },
});
await import('../../apps/gateway/src/start.js');
if (replaced.size === 0) {
  throw new Error('http/lockstep.js is not loaded any more: this would be the gateway itself');
}
