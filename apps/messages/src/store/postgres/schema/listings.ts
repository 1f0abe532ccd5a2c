/**
 * Version 2. What each message changes for its members is in tables of its own, with the one index that it is read by:
 * rows of `members` had to be put into five. A conversation has its place in the listings of all its members; whether
 * something is on its way to one is a row that is there. A change to a row of `members` then leaves the indexes alone
 * (HOT).
 *
 * Version 1 was never released: no replica of it goes on beside this one.
 */
export const LISTINGS = `
  -- What listings are ordered by: of the last message, or of the creation.
  ALTER TABLE conversations ADD COLUMN activity bigint NOT NULL DEFAULT 0;
  UPDATE conversations c SET activity = m.activity
    FROM (SELECT conversation, max(activity) AS activity FROM members GROUP BY 1) m
    WHERE m.conversation = c.id AND m.activity IS NOT NULL;

  -- Present members of conversations that are not deleted, by the conversation's activity.
  CREATE TABLE listings (
    identity bigint NOT NULL,
    activity bigint NOT NULL,
    conversation uuid NOT NULL,
    PRIMARY KEY (identity, activity, conversation)
  ) WITH (fillfactor = 80);
  INSERT INTO listings (identity, activity, conversation)
    SELECT m.identity, c.activity, c.id FROM members m JOIN conversations c ON c.id = m.conversation
    WHERE m.activity IS NOT NULL;

  -- Members to whom events are on their way: delivered_seq is below the last that is for them.
  CREATE TABLE pending (
    identity bigint NOT NULL,
    conversation uuid NOT NULL,
    PRIMARY KEY (identity, conversation)
  );
  INSERT INTO pending (identity, conversation) SELECT identity, conversation FROM members WHERE pending;

  -- rev of when a member stopped listing it.
  ALTER TABLE members ADD COLUMN gone_rev bigint;
  UPDATE members SET gone_rev = rev WHERE activity IS NULL;
  ALTER TABLE members DROP COLUMN activity, DROP COLUMN pending;
  CREATE INDEX members_gone ON members (identity, gone_rev) WHERE gone_rev IS NOT NULL;

  -- Counted a second at a time: with room beside it a row stays where it is.
  ALTER TABLE storage_use SET (fillfactor = 60);
  ALTER TABLE identities SET (fillfactor = 80);
`;
