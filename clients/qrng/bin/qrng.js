#!/usr/bin/env node
// The command `qrng`; its code is compiled into dist/ by `npm run build`.
import { existsSync } from 'node:fs';
import { URL } from 'node:url';

const main = new URL('../dist/clients/qrng/src/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('qrng: not built yet; run npm run build in the repository\n');
  process.exitCode = 70;
}
