import type { Event, Message } from '@agent-messenger/sdk';
import type { Converse } from './converse';
import { LiveAnswers } from './live-answers';
import { besides, labelOf, messageLines } from './message-lines';

const DOING = { thinking: 'is thinking', using_tool: 'is using a tool', error: 'has a problem' };

/** Prints what was said, and from then on whatever happens in the conversation. */
export function showNews(options: Converse): void {
  showMessages(options);
  showPresence(options);
  showConnection(options);
}

function showMessages(options: Converse): void {
  const { client, agent, conversation, history, questions, terminal } = options;
  const who = ({ sender }: Message) => (sender.id === agent.id ? agent.name : 'you');
  const isHere = ({ conversation_id }: { conversation_id: string }) =>
    conversation_id === conversation.id;
  const live = new LiveAnswers(terminal, agent.name);

  for (const message of history.messages) {
    questions.note(message);
    terminal.print(messageLines(message, who(message)));
  }
  const last = history.messages.at(-1);
  if (last) markRead(options, last);

  client.on('message', (message) => {
    if (!isHere(message) || message.seq <= history.lastSeq) return;
    questions.note(message);
    if (message.sender.id === client.identity.id) return;
    const lines = live.complete(message)
      ? besides(message, agent.name).join('\n')
      : messageLines(message, agent.name);
    if (lines !== '') terminal.print(lines);
    markRead(options, message);
  });
  client.on('event', (event) => {
    if (!isHere(event) || event.seq <= history.lastSeq || event.type === 'message.created') return;
    if (!('message' in event) || !event.message) return;
    questions.note(event.message);
    const line = changeLine(event.type, event.message, who(event.message));
    if (line !== undefined) terminal.print(line);
  });
  if (!terminal.interactive) return;
  client.on('stream', (stream) => {
    if (isHere(stream)) live.take(stream);
  });
  for (const stream of client.streams(conversation.id)) live.take(stream);
}

/** What has become of a message: what it said before is further up, or was never shown. */
function changeLine(type: Event['type'], message: Message, who: string): string | undefined {
  switch (type) {
    case 'message.deleted':
      return `* ${who} deleted a message`;
    case 'message.edited':
      return [`* ${who} edited: ${message.content ?? ''}`, ...besides(message, who)].join('\n');
    case 'action.chosen':
      return `* chosen: ${labelOf(message)}`;
    default:
      return undefined;
  }
}

function markRead({ conversation, terminal, signal }: Converse, message: Message): void {
  conversation.read(message.seq).catch((error: unknown) => {
    // The next message marks this one as well.
    if (!signal.aborted) terminal.print(`* not marked as read: ${String(error)}`);
  });
}

function showPresence({ client, agent, conversation, terminal, signal }: Converse): void {
  terminal.print(`* ${agent.name} is ${agent.status}`);
  let status = agent.status;
  client.on('presence', (presence) => {
    if (presence.identity_id !== agent.id || presence.status === status) return;
    status = presence.status;
    terminal.print(`* ${agent.name} is ${status}`);
  });
  const isAgents = (told: { conversation_id: string; identity_id: string }) =>
    told.conversation_id === conversation.id && told.identity_id === agent.id;
  client.on('typing', (told) => {
    if (isAgents(told) && told.typing) terminal.print(`* ${agent.name} is typing…`);
  });
  client.on('activity', (told) => {
    if (!isAgents(told)) return;
    const { state, label } = told;
    const doing =
      state && `${agent.name} ${DOING[state]}${label === undefined ? '…' : `: ${label}`}`;
    terminal.showActivity(doing ? `* ${doing}` : '');
  });
  client.watchPresence([agent.id]).catch((error: unknown) => {
    if (!signal.aborted) terminal.print(`* no presence: ${String(error)}`);
  });
}

function showConnection({ client, terminal }: Converse): void {
  client.on('disconnected', (_, reconnecting) => {
    terminal.showActivity('');
    if (reconnecting) terminal.print('* connection lost, reconnecting…');
  });
  client.on('connected', () => terminal.print('* connected again'));
}
