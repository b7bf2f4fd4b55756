/** `--check`: reads the settings and every file that they name, says what is wrong, and starts nothing. */
import 'reflect-metadata';
import { exitConfig, readSettingsOrExit, SettingsError } from '#libs/settings';
import { fileProblems } from './check-files.js';
import { GatewaySettings } from './settings.js';

const { settings, warnings, withoutEffect } = readSettingsOrExit(GatewaySettings, process.env);
const problems = fileProblems(settings, Date.now());
if (problems.length > 0) exitConfig(new SettingsError(problems), warnings);
for (const warning of [...warnings, ...withoutEffect]) process.stderr.write(`${warning}\n`);
process.stdout.write('The settings are valid, and so are the files that they name.\n');
