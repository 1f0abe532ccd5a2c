import type {
  AuditRecord,
  Event,
  Handlers,
  messagesCalls,
  OperationResult,
} from '@agent-messenger/contracts';
import { AppError, needingRedis, type ServedHandlers } from '@agent-messenger/service-kit';
import { appendKnown } from './appends/append-known';
import type { ConnectedSession } from './connected-session';
import type { ForgetInRedis } from './forget-in-redis';
import type { GroupCommit } from './appends/group-commit';
import { checkRegistration } from './push/check-registration';
import type { QueueCalls, Store } from './store/store';

interface CallsOptions {
  store: Store;
  groupCommit: GroupCommit;
  deadPushes: QueueCalls;
  pushQueues: Handlers<typeof messagesCalls>['pushQueues'];
  forgetInRedis: ForgetInRedis;
  connectedSession: ConnectedSession;
  storageState: Handlers<typeof messagesCalls>['storageState'];
  attempts: Pick<Handlers<typeof messagesCalls>, 'countAttempts'>;
  /** Of the commit of an event, when that is part of a trace. */
  traceparentOf?: ((event: Event) => string | undefined) | undefined;
  /** Told after a call, other than `append`, that may have written an event. */
  onCommit(): void;
  /** Told after something was learned of a device: what waits for it may be sent. */
  onReachable(): void;
  /** Told after a conversation was deleted or a person erased: there is something to purge. */
  onDelete(): void;
}

/** Whom to tell of it is for the relay. */
const MOVED: OperationResult = { ok: true, moved: { tell: [] } };

/** What this service answers. The store decides; appends of all gateways share transactions. */
export function createCalls({
  store,
  groupCommit,
  deadPushes,
  pushQueues,
  forgetInRedis,
  connectedSession,
  storageState,
  attempts,
  traceparentOf,
  onCommit,
  onDelete,
  onReachable,
}: CallsOptions): ServedHandlers<typeof messagesCalls> {
  return {
    createUser: (request) => store.createUser(request),
    findUser: (request) => store.findUser(request),
    listUsers: (request) => store.readJson('listUsers', request),
    getUser: (request) => store.getUser(request),
    updateUser: (request) => store.updateUser(request),
    async eraseUser(request) {
      const { user_id } = request;
      const { username, ...answer } = await store.eraseUser(request);
      onDelete();
      await forgetInRedis({ user_id, username });
      return answer;
    },
    exportUser: (request) => store.readJson('exportUser', request),
    async createSession(request) {
      const connected_session_id = await connectedSession(request.user_id);
      return store.createSession({ ...request, connected_session_id });
    },
    rotateSession: (request) => store.rotateSession(request),
    endSession: (request) => store.endSession(request),
    listSessions: (request) => store.readJson('listSessions', request),
    endSessions: (request) => store.endSessions(request),

    createAgent: (request) => store.createAgent(request),
    listAgents: (request) => store.readJson('listAgents', request),
    getAgent: (request) => store.getAgent(request),
    updateAgent: (request) => store.updateAgent(request),
    deleteAgent: (request) => store.deleteAgent(request),
    listAgentPeople: (request) => store.listAgentPeople(request),
    addAgentPerson: (request) => store.addAgentPerson(request),
    removeAgentPerson: (request) => store.removeAgentPerson(request),
    createAgentKey: (request) => store.createAgentKey(request),
    listAgentKeys: (request) => store.readJson('listAgentKeys', request),
    revokeAgentKey: (request) => store.revokeAgentKey(request),
    findAgentKey: (request) => store.findAgentKey(request),

    storageState,
    recordAudit: (request) => store.recordAudit(request),
    listAudit: (request) => store.readJson('listAudit', request),

    authorize: (request) => store.authorize(request),
    checkCredentials: (request) => store.checkCredentials(request),
    connect: (request) => store.connect(request),
    listPending: (request) => store.readJson('listPending', request),
    countConversations: (request) => store.countConversations(request),
    counterparts: (request) => store.readJson('counterparts', request),
    lastConnected: (request) => store.lastConnected(request),

    async append({ operations }) {
      const results = await appendKnown(groupCommit, operations);
      return { results: results.map((result) => ('moved' in result ? MOVED : result)) };
    },
    countAttempts: (request) => attempts.countAttempts(request),
    async readLog(request) {
      const answer = await store.readJson('readLog', request);
      if (!traceparentOf) return answer;
      const page = answer.parse();
      const traceparents = traceparentsOf(page.events, traceparentOf);
      return traceparents ? { ...page, traceparents } : answer;
    },
    listEvents: (request) => store.readJson('listEvents', request),
    listMessages: (request) => store.readJson('listMessages', request),

    async createConversation(request) {
      const answer = await store.createConversation(request);
      if (answer.created) onCommit();
      return answer;
    },
    getConversation: (request) => store.readJson('getConversation', request),
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
    listConversations: (request) => store.readJson('listConversations', request),
    checkStream: (request) => store.checkStream(request),
    listMembers: (request) => store.readJson('listMembers', request),

    async registerPush(request) {
      checkRegistration(request.registration, (await store.pushConfig({})).push);
      const answer = await store.registerPush(request);
      onReachable();
      return answer;
    },
    unregisterPush: (request) => store.unregisterPush(request),
    pushState: (request) => store.readJson('pushState', request),
    pushStates: (request) => store.readJson('pushStates', request),
    async markAllPushed(request) {
      const answer = await store.markAllPushed(request);
      onReachable();
      return answer;
    },
    async markPushed(request) {
      const answer = await store.markPushed(request);
      onReachable();
      return answer;
    },
    holdPush: (request) => store.holdPush(request),
    async releasePush(request) {
      const answer = await store.releasePush(request);
      onReachable();
      return answer;
    },
    dropPushToken: (request) => store.dropPushToken(request),
    announcePush: (request) => store.announcePush(request),
    pushConfig: async (request) => ({
      ...(await store.pushConfig(request)),
      log_id: store.logId,
    }),
    pushQueues: async (request) => needingRedis(Promise.resolve(pushQueues(request))),
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

/** By seq; undefined when none of them is part of a trace. */
function traceparentsOf(
  events: Event[],
  traceparentOf: (event: Event) => string | undefined,
): Record<string, string> | undefined {
  const found = events.flatMap((event) => {
    const traceparent = traceparentOf(event);
    return traceparent === undefined ? [] : [[String(event.seq), traceparent] as const];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
