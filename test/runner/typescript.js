/** Jest's transform: compiles one TypeScript file, without checks. The compiler is only loaded for files that are not in Jest's cache. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const compiler = createHash('sha256');
for (const file of ['tsconfig.json', 'node_modules/typescript/package.json', import.meta.filename]) {
  compiler.update(readFileSync(file));
}

let loaded;

function typescript() {
  if (loaded !== undefined) return loaded;
  const ts = require('typescript');
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
  // nodenext would ask package.json whether this is an ES module, which transpileModule cannot.
  options.module = ts.ModuleKind.ES2022;
  options.moduleResolution = ts.ModuleResolutionKind.Bundler;
  loaded = { transpileModule: ts.transpileModule, compilerOptions: options };
  return loaded;
}

export default {
  getCacheKey(source, path, { instrument }) {
    return compiler.copy().update(`${instrument}\0${path}\0${source}`).digest('hex');
  },

  process(source, path) {
    const { transpileModule, compilerOptions } = typescript();
    const { outputText, sourceMapText } = transpileModule(source, { fileName: path, compilerOptions });
    return { code: outputText, map: { ...JSON.parse(sourceMapText), sources: [path] } };
  },
};
