/**
 * Runs a test file as the ES modules that Node itself loads, in a process of its own (`workerIdleMemoryLimit: 0`), instead of in
 * one of Jest's VM contexts: those read and compile all of node_modules again for every file. Node strips the types of this folder.
 */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import type { LoadHookSync, ResolveHookSync } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type NodeEnvironment from './environment.ts';

/** What is used of Jest's ScriptTransformer: it calls the transform of jest.config.js and keeps what comes out in Jest's cache. */
interface Transformer {
  transform(path: string, options: object): { code: string; sourceMapPath: string | null };
}

const require = createRequire(import.meta.url);
const GLOBALS = 'jest:globals';
let started = false;

export default class NodeRuntime {
  readonly #environment: NodeEnvironment;
  readonly #transformer: Transformer;
  readonly #options: object;
  readonly #sourceMaps = new Map<string, string>();

  constructor(
    _config: object,
    environment: NodeEnvironment,
    _resolver: object,
    transformer: Transformer,
    _sources: object,
    coverage: object,
  ) {
    if (started) throw new Error('Test files cannot share a process: run Jest without --runInBand.');
    started = true;
    this.#environment = environment;
    this.#transformer = transformer;
    this.#options = { ...coverage, supportsStaticESM: true };
    registerHooks({ resolve: this.#resolve, load: this.#load });
  }

  /** As moduleResolution nodenext and the condition `source` in tsconfig.json: x.js is x.ts, `#libs/*` is the TypeScript source. */
  readonly #resolve: ResolveHookSync = (specifier, context, next) => {
    if (specifier === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
      if (existsSync(source)) return { url: source.href, shortCircuit: true };
    }
    return next(specifier, { ...context, conditions: [...context.conditions, 'source'] });
  };

  readonly #load: LoadHookSync = (url, context, next) => {
    const module = { format: 'module' as const, shortCircuit: true };
    if (url === GLOBALS) return { ...module, source: this.#globals() };
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    const { code, sourceMapPath } = this.#transformer.transform(fileURLToPath(url), this.#options);
    if (sourceMapPath !== null) this.#sourceMaps.set(url, sourceMapPath);
    return { ...module, source: code };
  };

  /** The source of the module '@jest/globals'. */
  #globals(): string {
    const names = Object.keys(this.#environment.global[GLOBALS] ?? {});
    return `export const { ${names.join(', ')} } = globalThis['${GLOBALS}'];`;
  }

  setGlobalsForRuntime(globals: object): void {
    this.#environment.global[GLOBALS] = { ...globals, jest: this.#environment.jest };
  }

  unstable_shouldLoadAsEsm(): true {
    return true;
  }

  unstable_importModule(path: string): Promise<unknown> {
    return import(pathToFileURL(path).href);
  }

  /** Loads Jest's own modules. */
  requireInternalModule(path: string): unknown {
    return require(path);
  }

  requireModule(path: string): unknown {
    return require(path);
  }

  getSourceMaps(): ReadonlyMap<string, string> {
    return this.#sourceMaps;
  }

  getAllCoverageInfoCopy(): unknown {
    return this.#environment.global['__coverage__'];
  }

  enterTestCode(): void {
    // Jest asks, so that it can refuse what a test calls when it is over.
  }

  leaveTestCode(): void {
    // As above.
  }

  teardown(): void {
    // The process ends.
  }
}
