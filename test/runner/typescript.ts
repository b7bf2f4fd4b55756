/** Jest's transform: compiles one TypeScript file, without checks. The compiler is only loaded for files that are not in Jest's cache. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type ts from 'typescript';

const require = createRequire(import.meta.url);
const compiler = createHash('sha256');
for (const file of ['tsconfig.json', 'node_modules/typescript/package.json', import.meta.filename]) {
  compiler.update(readFileSync(file));
}

export default {
  getCacheKey(source: string, path: string, { instrument }: { instrument: boolean }): string {
    return compiler
      .copy()
      .update(`${String(instrument)}\0${path}\0${source}`)
      .digest('hex');
  },

  process(source: string, path: string): { code: string; map: object } {
    const { transpileModule, options } = typescript();
    const { outputText, sourceMapText = '{}' } = transpileModule(source, {
      fileName: path,
      compilerOptions: options,
    });
    return {
      code: outputText,
      map: { ...(JSON.parse(sourceMapText) as object), sources: [path] },
    };
  },
};

let loaded: { transpileModule: typeof ts.transpileModule; options: ts.CompilerOptions } | undefined;

function typescript(): NonNullable<typeof loaded> {
  if (loaded !== undefined) return loaded;
  const {
    transpileModule,
    readConfigFile,
    convertCompilerOptionsFromJson,
    sys,
    ModuleKind,
    ModuleResolutionKind,
  } = require('typescript') as typeof ts;
  const { config } = readConfigFile('tsconfig.json', (path) => sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = convertCompilerOptionsFromJson(config.compilerOptions, '.');
  // nodenext would ask package.json whether this is an ES module, which transpileModule cannot.
  return (loaded = {
    transpileModule,
    options: { ...options, module: ModuleKind.ES2022, moduleResolution: ModuleResolutionKind.Bundler },
  });
}
