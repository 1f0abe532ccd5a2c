import type { Command } from '../command';
import { updateAgent } from './update-agent';
import { sessions } from './sessions';
import { replayPushes } from './replay-pushes';
import { listUsers } from './list-users';
import { disableUser, enableUser } from './switch-user';
import { deleteAgent } from './delete-agent';
import { deadPushes } from './dead-pushes';
import { createKey } from './create-key';
import { connections } from './connections';
import { allowUser } from './allow-user';
import { disallowUser } from './disallow-user';
import { audit } from './audit';
import { backup } from './backup';
import { copyStore } from './copy-store';
import { createAgent } from './create-agent';
import { createUser } from './create-user';
import { doctor } from './doctor';
import { eraseUser } from './erase-user';
import { exportUser } from './export-user';
import { listAgents } from './list-agents';
import { loginLink } from './login-link';
import { resetPassword } from './reset-password';
import { restore } from './restore';
import { revokeKey } from './revoke-key';
import { rotateKey } from './rotate-key';
import { scrubStore } from './scrub-store';

export const commands: Record<string, Command> = {
  'create-agent': createAgent,
  'list-agents': listAgents,
  'update-agent': updateAgent,
  'allow-user': allowUser,
  'disallow-user': disallowUser,
  'delete-agent': deleteAgent,
  'create-key': createKey,
  'rotate-key': rotateKey,
  'revoke-key': revokeKey,
  'create-user': createUser,
  'list-users': listUsers,
  'reset-password': resetPassword,
  'disable-user': disableUser,
  'enable-user': enableUser,
  'login-link': loginLink,
  sessions,
  'export-user': exportUser,
  'erase-user': eraseUser,
  connections,
  audit,
  'dead-pushes': deadPushes,
  'replay-pushes': replayPushes,
  backup,
  restore,
  'copy-store': copyStore,
  'scrub-store': scrubStore,
  doctor,
};
