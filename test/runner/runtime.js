/**
 * Runs a test file as the ES modules that Node itself loads, instead of in one of Jest's VM contexts: those read and compile all of
 * node_modules again for every file. A process runs one file after another, and each module is loaded once, as long as no file
 * leaves anything behind (`environment.js`). This folder is JavaScript because Node would load its compiler for TypeScript in every
 * one of these processes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { compiledFile } from './compile.js';

const require = createRequire(import.meta.url);
const GLOBALS = 'jest:globals';
const HANDLERS = Symbol.for('EVENT_HANDLERS');
/** Of all that this process has loaded. */
const sourceMaps = new Map();
let nestLoaded = false;
let first = true;

export default class NodeRuntime {
  #environment;
  #transformer;
  #options;

  /** @param transformer Jest's: it calls the transform of jest.config.js and keeps what comes out in Jest's cache. */
  constructor(_config, environment, _resolver, transformer, _sources, coverage) {
    if (process.send === undefined)
      throw new Error('Test files need worker processes: run Jest without --runInBand.');
    forgetCircus();
    this.#environment = environment;
    this.#transformer = transformer;
    this.#options = { ...coverage, supportsStaticESM: true };
    if (first) registerHooks({ resolve: this.#resolve, load: this.#load });
    first = false;
  }

  /** As moduleResolution nodenext and the condition `source` in tsconfig.json: x.js is x.ts, `#libs/*` is the TypeScript source. */
  #resolve = (specifier, context, next) => {
    if (specifier === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
      if (existsSync(source)) return { url: source.href, shortCircuit: true };
    }
    if (specifier.startsWith('#')) {
      return next(specifier, { ...context, conditions: [...context.conditions, 'source'] });
    }
    if (specifier.startsWith('@nestjs/') || specifier.startsWith('@willsoto/')) loadNestFirst();
    return next(specifier, context);
  };

  #load = (url, context, next) => {
    const module = { format: 'module', shortCircuit: true };
    if (url === GLOBALS) return { ...module, source: this.#globals() };
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    return { ...module, source: this.#source(url) };
  };

  /** What `compile.js` made of a source; Jest's transform, which adds coverage to it, takes ten times as long. */
  #source(url) {
    const path = fileURLToPath(url);
    if (this.#options.collectCoverage) {
      const { code, sourceMapPath } = this.#transformer.transform(path, this.#options);
      if (sourceMapPath !== null) sourceMaps.set(url, sourceMapPath);
      return code;
    }
    const compiled = compiledFile(path);
    sourceMaps.set(url, `${compiled}.map`);
    return readFileSync(compiled, 'utf8');
  }

  /** The source of the module '@jest/globals': what the file that runs now has, in every module that imports it. */
  #globals() {
    const names = Object.keys(globalThis[GLOBALS]).join(', ');
    const renew = `() => { ({ ${names} } = globalThis['${GLOBALS}']); }`;
    return `export let ${names}; (globalThis['${GLOBALS} renew'] = ${renew})();`;
  }

  setGlobalsForRuntime(globals) {
    globalThis[GLOBALS] = { ...globals, jest: this.#environment.jest };
    globalThis[`${GLOBALS} renew`]?.();
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  unstable_importModule(path) {
    return import(pathToFileURL(path).href);
  }

  /** Loads Jest's own modules. */
  requireInternalModule(path) {
    return require(path);
  }

  requireModule(path) {
    return require(path);
  }

  getSourceMaps() {
    return sourceMaps;
  }

  getAllCoverageInfoCopy() {
    return this.#environment.global.__coverage__;
  }

  enterTestCode() {
    // Jest asks, so that it can refuse what a test calls when it is over.
  }

  leaveTestCode() {
    // As above.
  }

  teardown() {
    // What is loaded stays loaded, or the process ends.
  }
}

/** Throttler and nestjs-prometheus are CommonJS and would require Nest while Nest is being imported. */
function loadNestFirst() {
  if (nestLoaded) return;
  nestLoaded = true;
  for (const name of ['reflect-metadata', '@nestjs/common', '@nestjs/core']) require(name);
}

/** jest-circus keeps the tests of a file in its modules; what a module has kept of it must not be called for the next file. */
function forgetCircus() {
  globalThis[HANDLERS]?.splice(0, Infinity, () => {
    throw new Error(
      'This was taken from @jest/globals for an earlier file of tests: call it inside a function.',
    );
  });
  delete globalThis[HANDLERS];
  for (const path of Object.keys(require.cache)) {
    if (path.includes('/node_modules/jest-circus/')) delete require.cache[path];
  }
}
