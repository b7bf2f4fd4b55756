/**
 * Runs a test file as the ES modules that Node itself loads, in a process of its own (`workerIdleMemoryLimit: 0`), instead of in
 * one of Jest's VM contexts: those read and compile all of node_modules again for every file. This folder is JavaScript because
 * Node would load its compiler for TypeScript in every one of these processes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { compiledFile } from './compile.js';

const require = createRequire(import.meta.url);
const GLOBALS = 'jest:globals';
let started = false;

export default class NodeRuntime {
  #environment;
  #transformer;
  #options;
  #sourceMaps = new Map();
  #nestLoaded = false;

  /** @param transformer Jest's: it calls the transform of jest.config.js and keeps what comes out in Jest's cache. */
  constructor(_config, environment, _resolver, transformer, _sources, coverage) {
    if (started) throw new Error('Test files cannot share a process: run Jest without --runInBand.');
    started = true;
    this.#environment = environment;
    this.#transformer = transformer;
    this.#options = { ...coverage, supportsStaticESM: true };
    registerHooks({ resolve: this.#resolve, load: this.#load });
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
    if (specifier.startsWith('@nestjs/') || specifier.startsWith('@willsoto/')) this.#loadNestFirst();
    return next(specifier, context);
  };

  /** Throttler and nestjs-prometheus are CommonJS and would require Nest while Nest is being imported. */
  #loadNestFirst() {
    if (this.#nestLoaded) return;
    this.#nestLoaded = true;
    for (const name of ['reflect-metadata', '@nestjs/common', '@nestjs/core']) require(name);
  }

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
      if (sourceMapPath !== null) this.#sourceMaps.set(url, sourceMapPath);
      return code;
    }
    const compiled = compiledFile(path);
    this.#sourceMaps.set(url, `${compiled}.map`);
    return readFileSync(compiled, 'utf8');
  }

  /** The source of the module '@jest/globals'. */
  #globals() {
    const names = Object.keys(this.#environment.global[GLOBALS]);
    return `export const { ${names.join(', ')} } = globalThis['${GLOBALS}'];`;
  }

  setGlobalsForRuntime(globals) {
    this.#environment.global[GLOBALS] = { ...globals, jest: this.#environment.jest };
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
    return this.#sourceMaps;
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
    // The process ends.
  }
}
