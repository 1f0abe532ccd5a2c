import type { Command } from '../command';
import { backup } from './backup';
import { createAgent } from './create-agent';
import { createUser } from './create-user';
import { doctor } from './doctor';
import { eraseUser } from './erase-user';
import { exportUser } from './export-user';
import { listAgents } from './list-agents';
import { resetPassword } from './reset-password';
import { restore } from './restore';
import { revokeKey } from './revoke-key';
import { rotateKey } from './rotate-key';

export const commands: Record<string, Command> = {
  'create-agent': createAgent,
  'list-agents': listAgents,
  'rotate-key': rotateKey,
  'revoke-key': revokeKey,
  'create-user': createUser,
  'reset-password': resetPassword,
  'export-user': exportUser,
  'erase-user': eraseUser,
  backup,
  restore,
  doctor,
};
