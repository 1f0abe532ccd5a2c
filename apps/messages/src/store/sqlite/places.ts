import type { Database } from 'better-sqlite3';
import { createSaveTimer } from './save-timer';
import type { Sqlite } from './sqlite';

const SAVE_AFTER_MS = 5_000;
/** Conversations that one transaction saves besides its own work: some milliseconds. */
const SLICE = 200;
/** More do not wait. */
const MOST = 5_000;

/**
 * Where conversations are in their members' listings, and which of them are on their way to whom. A message moves its
 * conversation up for each member, which would be a row and two indexes of members for each of them: it is noted in
 * memory and saved later, for many messages at once. The log has it too: after a crash what was not saved is told from
 * there.
 */
export interface Places {
  /** Within a transaction: a message came in for these members (ids), or, without them, one has been delivered all. */
  note(conversation: number, members?: readonly string[]): void;
  /**
   * Saves, with the commits of this turn of the event loop, where the conversations of an identity are. What it awaits
   * sees all of them there, as of the store's revision at that moment. Fails when nothing can be committed: a
   * conversation that moves up after the first page of a listing, without a change that is after its token, would be on
   * none.
   */
  settle(identityId: string): Promise<void>;
}

export function createPlaces({ db, commit, takePart }: Sqlite): Places {
  const { save, head, setOffset } = preparePlaces(db);
  const timer = createSaveTimer(SAVE_AFTER_MS, commit);
  /** Those that are to be saved, and for whom that moves something. Some may have been rolled back. */
  const waiting = new Map<number, readonly string[]>();
  /** Whose are saved with the next commit. */
  const asked = new Set<string>();
  /** What is left of all that waited at a time, and the end of the log at that time. */
  let round: { left: number[]; end: number } | undefined;
  let saving: number[] = [];

  takePart({
    save(all) {
      saving = [];
      if (all || (timer.isDue() && !round)) {
        // Neighbours share pages.
        round = { left: [...waiting.keys()].sort((a, b) => a - b), end: head() };
      }
      if (round) {
        const most = all ? round.left.length : Math.max(SLICE, waiting.size - MOST);
        saving = round.left.slice(0, most);
        if (saving.length === round.left.length) setOffset(round.end);
      }
      if (asked.size > 0) {
        for (const [conversation, members] of waiting) {
          if (members.some((id) => asked.has(id))) saving.push(conversation);
        }
      }
      saving.forEach(save);
    },
    saved() {
      for (const conversation of saving) waiting.delete(conversation);
      asked.clear();
      if (!round) return;
      const saved = new Set(saving);
      round.left = round.left.filter((conversation) => !saved.has(conversation));
      if (round.left.length > 0) return timer.now();
      round = undefined;
      timer.stop();
      if (waiting.size > 0) timer.start();
    },
  });

  return {
    note(conversation, members = []) {
      if (members.length > 0 || !waiting.has(conversation)) waiting.set(conversation, members);
      if (waiting.size > MOST && !timer.isDue()) timer.now();
      else timer.start();
    },
    async settle(identityId) {
      for (const members of waiting.values()) {
        if (!members.includes(identityId)) continue;
        asked.add(identityId);
        return commit();
      }
    },
  };
}

/** Saves what a process that ended otherwise than by closing had noted. */
export function replayPlaces(db: Database): void {
  const { save, head, offset, setOffset, conversationsAfter } = preparePlaces(db);
  db.transaction(() => {
    const from = offset();
    // Programs that had none saved with each message.
    const changed = from === undefined ? [] : conversationsAfter(from);
    changed.forEach(save);
    if (from === undefined || changed.length > 0) setOffset(head());
  }).immediate();
}

function preparePlaces(db: Database) {
  const placeOf = db
    .prepare<[number], number>(
      `SELECT x.pos FROM conversations c JOIN log x ON x.conversation = c.n AND x.seq = c.last_message WHERE c.n = ?`,
    )
    .pluck();
  const moveUp = db.prepare<{ pos: number; conversation: number }>(
    `UPDATE members SET message_pos = @pos
     WHERE conversation = @conversation AND left_seq IS NULL AND message_pos < @pos`,
  );
  const endPending = db.prepare<[number]>(
    `UPDATE members SET pending = 0
     WHERE conversation = ? AND pending = 1 AND delivered_seq >= (
       SELECT min(ifnull(members.left_seq, c.last_seq), c.last_seq) FROM conversations c
       WHERE c.n = members.conversation)`,
  );
  const last = db.prepare<[], number | null>('SELECT max(pos) FROM log').pluck();
  const readOffset = db
    .prepare<[], number>("SELECT value FROM meta WHERE key = 'offset.places'")
    .pluck();
  const writeOffset = db.prepare<[number]>(
    "INSERT OR REPLACE INTO meta (key, value) VALUES ('offset.places', ?)",
  );
  const after = db
    .prepare<[number], number>('SELECT DISTINCT conversation FROM log WHERE pos > ?')
    .pluck();
  return {
    save(conversation: number) {
      const pos = placeOf.get(conversation);
      if (pos !== undefined) moveUp.run({ pos, conversation });
      endPending.run(conversation);
    },
    head: () => last.get() ?? 0,
    offset: () => readOffset.get(),
    setOffset: (pos: number) => writeOffset.run(pos),
    conversationsAfter: (pos: number) => after.all(pos),
  };
}
