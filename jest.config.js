const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(
    `The tests need Node 22.18 or newer, and this is ${process.version} (${process.execPath}).`,
  );
}

/**
 * Unit specs beside the code, what crosses apps in test/. `test/runner` lets Node load them, one file after another in a few
 * processes, and `npm run jest` gives these a large young generation: loading Nest fills a small one again and again.
 */
export default {
  testEnvironment: '<rootDir>/test/runner/environment.js',
  runtime: '<rootDir>/test/runner/runtime.js',
  globalSetup: '<rootDir>/test/runner/compile.js',
  // Makes Jest ask for the size of a process after each file, where `environment.js` ends those that must not go on.
  workerIdleMemoryLimit: '1GB',
  workerGracefulExitTimeout: 30_000,
  testSequencer: '<rootDir>/test/runner/sequencer.js',
  roots: ['apps', 'libs', 'clients/qrng/src', 'scripts', 'tools', 'test'].map(
    (folder) => `<rootDir>/${folder}`,
  ),
  testMatch: ['**/*.spec.ts'],
  // They fetch their tools from registries, and compile for minutes.
  testPathIgnorePatterns: process.env.QRNG_TEST_CLIENTS === 'yes' ? [] : ['<rootDir>/test/other-clients/'],
  transform: { '^.+\\.ts$': '<rootDir>/test/runner/typescript.js' },
  transformIgnorePatterns: ['/node_modules/', '<rootDir>/test/runner/'],
  coverageProvider: 'babel',
  collectCoverageFrom: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts', '!**/*.spec.ts', '!**/{main,start}.ts'],
  // Far above what any test takes: only one that hangs meets it, however busy the machine is.
  testTimeout: 120_000,
};
