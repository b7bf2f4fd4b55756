/**
 * The last step of `npm run build`: rolls what tsc compiled of each app, its libraries and its packages into a few files, since Node
 * takes a quarter to half a millisecond for each of two thousand. What is loaded later, or never, is a file of its own.
 *
 *   dist/apps/gateway/src/main.js -> the same path, with dist/apps/chunks
 */
import { resolve } from 'node:path';
import packageJson from './package.json' with { type: 'json' };

const COMPILED = 'dist.new';

/** Where tsc has just put what package.json says lies in dist. */
const ownLibraries = {
  name: 'own-libraries',
  resolveId(name) {
    if (!name.startsWith('#libs/')) return null;
    const exact = packageJson.imports[name]?.default;
    const path = exact ?? packageJson.imports['#libs/*'].default.replace('*', name.slice('#libs/'.length));
    return resolve(path.replace(/^\.\/dist\//, `${COMPILED}/`));
  },
};

export default {
  input: Object.fromEntries(
    ['gateway', 'collector'].map((app) => [app, `${COMPILED}/apps/${app}/src/main.js`]),
  ),
  platform: 'node',
  plugins: [ownLibraries],
  // What Nest would load if it were installed.
  external: [/^@nestjs\/(microservices|platform-express|websockets)/, /^@fastify\/(multipart|static|view)$/],
  output: {
    dir: `${COMPILED}/apps`,
    entryFileNames: '[name]/src/main.js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    keepNames: true, // the OpenAPI document and messages name classes
  },
};
