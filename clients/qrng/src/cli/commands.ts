/** All commands of `qrng`, in the order of its help. */
import { BYTES } from './bytes-command.js';
import type { Command } from './command.js';
import { completionCommand } from './completion-command.js';
import { DRAW_COMMANDS } from './draw-commands.js';
import { FEED } from './feed-command.js';
import { STATUS } from './status-command.js';
import { VERIFY } from './verify-command.js';

const OTHERS: readonly Command[] = [BYTES, ...DRAW_COMMANDS, STATUS, VERIFY, FEED];

export const COMMANDS: readonly Command[] = [...OTHERS, completionCommand(OTHERS)];
