/** Jest's transform: the compiled form of a TypeScript file, which `compile.js` made. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compiledFile } from './compile.js';

export default {
  /** By what was compiled, not by the source: that may have been edited since. */
  getCacheKey(_source, path, { instrument }) {
    return createHash('sha256')
      .update(`${instrument}\0${path}\0`)
      .update(readFileSync(compiledFile(path)))
      .digest('hex');
  },

  process(_source, path) {
    const file = compiledFile(path);
    const map = JSON.parse(readFileSync(`${file}.map`, 'utf8'));
    return { code: readFileSync(file, 'utf8'), map: { ...map, sources: [path] } };
  },
};
