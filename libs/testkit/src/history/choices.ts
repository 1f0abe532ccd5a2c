import { entriesOf, groupBy, type Entry, type EntryOf, type Violation } from './history';

/** A choice as the log has it. */
interface Logged {
  seq: number;
  action_id: string;
}

/** What a person cannot be at fault for: they are members, and chose what was offered. */
const NEVER = new Set([
  'invalid_payload',
  'forbidden',
  'not_found',
  'internal',
  'payload_too_large',
]);

/** Each question is answered to its agent, once for each time that it was asked, with what the log has. */
export function checkQuestions(history: readonly Entry[]): Violation[] {
  const answers = groupBy(entriesOf(history, 'answered'), ({ client_id }) => client_id);
  return withLogs(history, entriesOf(history, 'ask'), (choices, questions) =>
    [...groupBy(questions, ({ client_id }) => client_id)].flatMap(([client_id, asked]) => {
      const [first] = asked;
      if (!first) return [];
      const report = (message: string, at: number): Violation => ({
        rule: 'a question is answered once',
        message,
        about: first.conversation,
        at,
      });
      const logged = choices.get(client_id) ?? [];
      const given = answers.get(client_id) ?? [];
      const problems = [];
      if (logged.length !== 1) {
        problems.push(report(`${client_id} was chosen ${logged.length} times`, first.at));
      }
      if (given.length === 0) {
        problems.push(report(`the agent never heard what was chosen of ${client_id}`, first.at));
      }
      const times = groupBy(asked, ({ session }) => session);
      for (const { session, action_id, at } of given) {
        // Each of its runs has asked, and hears it once.
        if (!times.get(session)?.pop()) {
          problems.push(report(`${session} was answered ${client_id} once too often`, at));
        }
        if (action_id !== logged[0]?.action_id) {
          const chosen = logged[0]?.action_id ?? 'nothing';
          problems.push(report(`${session} was answered ${action_id}, chosen is ${chosen}`, at));
        }
      }
      return problems;
    }),
  );
}

/** The choice that was acked is the one of the log, the others are told of it, and everybody is shown the same. */
export function checkChoices(history: readonly Entry[]): Violation[] {
  const outcomes = new Map(
    [...entriesOf(history, 'chosen'), ...entriesOf(history, 'unchosen')].map((entry) => [
      `${entry.conversation} ${entry.attempt}`,
      entry,
    ]),
  );
  const judged = withLogs(history, entriesOf(history, 'choose'), (choices, attempts) =>
    attempts.flatMap((attempt) => {
      const logged = choices.get(attempt.client_id)?.[0];
      const outcome = outcomes.get(`${attempt.conversation} ${attempt.attempt}`);
      const message = problemOf(attempt, outcome, logged);
      return message === undefined ? [] : [violation(attempt, message)];
    }),
  );
  const shown = withLogs(history, entriesOf(history, 'choice'), (choices, entries) =>
    entries.flatMap((entry) => {
      const chosen = choices.get(entry.client_id)?.[0]?.action_id;
      if (chosen === entry.action_id) return [];
      const { device, action_id, client_id } = entry;
      return [
        violation(entry, `${device} was shown ${action_id} for ${client_id}, chosen is ${chosen}`),
      ];
    }),
  );
  return [...judged, ...shown];
}

function problemOf(
  { attempt, client_id, action_id }: EntryOf<'choose'>,
  outcome: EntryOf<'chosen'> | EntryOf<'unchosen'> | undefined,
  logged: Logged | undefined,
): string | undefined {
  if (!outcome) return `${attempt} of ${client_id} was never answered`;
  if (outcome.type === 'chosen') {
    if (logged?.seq === outcome.seq && logged.action_id === action_id) return undefined;
    const there = logged ? `${logged.action_id}, at ${logged.seq}` : 'nothing';
    return `${attempt} chose ${action_id} of ${client_id} at ${outcome.seq}, the log has ${there}`;
  }
  if (NEVER.has(outcome.code)) return `${attempt} of ${client_id} was refused: ${outcome.code}`;
  if (outcome.code === 'conflict' && (!logged || logged.action_id === action_id)) {
    return `${attempt} of ${client_id} was refused for another choice, and there is none`;
  }
  return undefined;
}

function violation(entry: { conversation: string; at: number }, message: string): Violation {
  return { rule: 'the first choice is the one', message, about: entry.conversation, at: entry.at };
}

/** The entries of each conversation whose log is known, with the choices in it by question. */
function withLogs<E extends { conversation: string }>(
  history: readonly Entry[],
  all: readonly E[],
  check: (choices: ReadonlyMap<string, Logged[]>, entries: E[]) => Violation[],
): Violation[] {
  const entries = groupBy(all, ({ conversation }) => conversation);
  return entriesOf(history, 'log').flatMap(({ conversation, events }) => {
    const choices = new Map<string, Logged[]>();
    for (const { seq, choice } of events) {
      if (!choice) continue;
      const { client_id, action_id } = choice;
      choices.set(client_id, [...(choices.get(client_id) ?? []), { seq, action_id }]);
    }
    return check(choices, entries.get(conversation) ?? []);
  });
}
