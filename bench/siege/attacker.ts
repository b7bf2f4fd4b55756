/** The attackers, in a process of their own: `attacker.js NAME PORT SOURCES`, until stdin ends. */
import { attack, ATTACKS, sources } from './attacks.js';

const [name = '', port, count] = process.argv.slice(2);
const kind = ATTACKS[name];
if (kind === undefined) throw new RangeError(`there is no attack "${name}"`);
attack({ host: '127.0.0.1', port: Number(port) }, kind, sources(Number(count)));
process.stdin.resume().once('end', () => process.exit(0));
