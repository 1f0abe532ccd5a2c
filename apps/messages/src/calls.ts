import type { AuditRecord, Handlers, messagesCalls } from '@agent-messenger/contracts';
import { AppError, needingRedis } from '@agent-messenger/service-kit';
import type { GroupCommit } from './group-commit';
import type { QueueCalls, Store } from './store/store';

interface CallsOptions {
  store: Store;
  groupCommit: GroupCommit;
  deadPushes: QueueCalls;
  /** Told after a call, other than `append`, that may have written an event. */
  onCommit(): void;
  /** Told after a conversation was deleted or a person erased: there is something to purge. */
  onDelete(): void;
}

/** What this service answers. The store decides; appends of all gateways share transactions. */
export function createCalls({
  store,
  groupCommit,
  deadPushes,
  onCommit,
  onDelete,
}: CallsOptions): Handlers<typeof messagesCalls> {
  return {
    createUser: (request) => store.createUser(request),
    findUser: (request) => store.findUser(request),
    listUsers: (request) => store.listUsers(request),
    getUser: (request) => store.getUser(request),
    updateUser: (request) => store.updateUser(request),
    async eraseUser(request) {
      const answer = await store.eraseUser(request);
      onDelete();
      return answer;
    },
    exportUser: (request) => store.exportUser(request),
    createSession: (request) => store.createSession(request),
    rotateSession: (request) => store.rotateSession(request),
    endSession: (request) => store.endSession(request),

    createAgent: (request) => store.createAgent(request),
    listAgents: (request) => store.listAgents(request),
    getAgent: (request) => store.getAgent(request),
    updateAgent: (request) => store.updateAgent(request),
    deleteAgent: (request) => store.deleteAgent(request),
    createAgentKey: (request) => store.createAgentKey(request),
    listAgentKeys: (request) => store.listAgentKeys(request),
    revokeAgentKey: (request) => store.revokeAgentKey(request),
    findAgentKey: (request) => store.findAgentKey(request),

    recordAudit: (request) => store.recordAudit(request),
    listAudit: (request) => store.listAudit(request),

    authorize: (request) => store.authorize(request),
    checkCredentials: (request) => store.checkCredentials(request),
    connect: (request) => store.connect(request),
    listPending: (request) => store.listPending(request),
    countConversations: (request) => store.countConversations(request),
    counterparts: (request) => store.counterparts(request),
    lastConnected: (request) => store.lastConnected(request),

    append: async ({ operations }) => ({ results: await groupCommit.append(operations) }),
    readLog: (request) => store.readLog(request),
    listMessages: (request) => store.listMessages(request),

    async createConversation(request) {
      const answer = await store.createConversation(request);
      if (answer.created) onCommit();
      return answer;
    },
    getConversation: (request) => store.getConversation(request),
    async updateConversation(request) {
      const answer = await store.updateConversation(request);
      onCommit();
      return answer;
    },
    async deleteConversation(request) {
      const answer = await store.deleteConversation(request);
      onCommit();
      onDelete();
      return answer;
    },
    listConversations: (request) => store.listConversations(request),
    listMembers: (request) => store.listMembers(request),

    registerPush: (request) => store.registerPush(request),
    unregisterPush: (request) => store.unregisterPush(request),
    pushState: (request) => store.pushState(request),
    markPushed: (request) => store.markPushed(request),
    dropPushToken: (request) => store.dropPushToken(request),
    announcePush: (request) => store.announcePush(request),
    pushConfig: (request) => store.pushConfig(request),
    listDeadPushes: (request) => needingRedis(deadPushes.listDeadPushes(request)),
    async replayDeadPushes(request) {
      const record = (result: AuditRecord['result']) =>
        store.recordAudit({
          records: [{ ...request.by, action: 'push.replay', target: null, result }],
        });
      try {
        const answer = await needingRedis(deadPushes.replayDeadPushes(request));
        await record('ok');
        return answer;
      } catch (error) {
        // Some may have been replayed.
        await record(error instanceof AppError ? error.code : 'internal');
        throw error;
      }
    },
  };
}
