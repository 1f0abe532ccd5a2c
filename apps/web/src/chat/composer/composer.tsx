import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type Dispatch,
  type StateUpdater,
} from 'preact/hooks';
import type { Conversation, Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { IconButton } from '../../ui/button';
import { isComposing } from '../../ui/is-composing';
import { useMessenger } from '../messenger-context';
import { problemText } from '../problem-text';
import { agentOf, nameIn } from '../session/names';
import { plainText } from '../sidebar/plain-text';
import type { Thread } from '../thread/thread';

const LONGEST_BYTES = 65_536;
/** A server forgets after 6 s that somebody types. */
const TYPING_EVERY_MS = 3_000;

export type ComposerMode =
  | { kind: 'new' }
  | { kind: 'reply'; message: Message }
  /** `text`: as it was changed to before. */
  | { kind: 'edit'; message: Message; text?: string };

interface ComposerProps {
  conversationId: string;
  conversation: Conversation | undefined;
  thread: Thread;
  mode: ComposerMode;
  setMode: Dispatch<StateUpdater<ComposerMode>>;
}

export function Composer({ conversationId, conversation, thread, mode, setMode }: ComposerProps) {
  const messenger = useMessenger();
  const w = words();
  const input = useRef<HTMLTextAreaElement>(null);
  /** Of an edit; all else is the draft, also when it was put there by who is shown no more. */
  const [edited, setEdited] = useState('');
  const text =
    mode.kind === 'edit' ? edited : (messenger.drafts.all.value.get(conversationId) ?? '');
  const [problem, setProblem] = useState<string | null>(null);
  const tellTyping = useTyping(conversationId);
  const agent = conversation && agentOf(conversation);

  const { problem: failure } = messenger.changes;
  const failed = failure.value?.conversation_id === conversationId ? failure.value.text : null;
  const said = problem ?? failed;
  const isShown = useRef(true);
  // What was seen is not said again on the way back; what goes wrong from then on is.
  useEffect(
    () => () => {
      isShown.current = false;
      if (failure.peek()?.conversation_id === conversationId) failure.value = null;
    },
    [],
  );
  useLayoutEffect(() => {
    const element = input.current!;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  // In the same step as what is shown of it: the next key is for this field.
  useLayoutEffect(() => {
    const isTouch = matchMedia('(pointer: coarse)').matches;
    if (!isTouch || mode.kind !== 'new') input.current?.focus();
    if (mode.kind === 'edit') setEdited(mode.text ?? mode.message.content ?? '');
  }, [mode]);

  function change(value: string): void {
    setProblem(null);
    if (mode.kind === 'edit') setEdited(value);
    else messenger.drafts.set(conversationId, value);
    tellTyping(value !== '');
  }
  /** Before what was begun since. */
  function keepAsDraft(content: string): void {
    const draft = [content, messenger.drafts.of(conversationId)].filter(Boolean).join('\n');
    messenger.drafts.set(conversationId, draft);
  }
  function leaveMode(): void {
    setMode({ kind: 'new' });
  }
  async function submit(): Promise<void> {
    const content = text.trim();
    if (content === '') return;
    if (new TextEncoder().encode(content).length > LONGEST_BYTES) {
      return setProblem(w.composer.tooLong);
    }
    tellTyping(false);
    if (mode.kind === 'edit') {
      leaveMode();
      if (await messenger.changes.edit(mode.message, content)) return;
      if (!isShown.current) return keepAsDraft(content);
      // It is in the field again; what was begun since is kept as a draft.
      return setMode((now) => (now.kind === 'edit' ? now : { ...mode, text: content }));
    }
    messenger.drafts.set(conversationId, '');
    leaveMode();
    const replyTo = mode.kind === 'reply' ? mode.message.id : undefined;
    try {
      await messenger.send(conversationId, content, replyTo);
    } catch (error) {
      // This browser could not write it down: it is in the field again.
      keepAsDraft(content);
      setProblem(problemText(error));
    }
  }
  function onKey(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void submit();
    } else if (event.key === 'Escape') leaveMode();
    else if (event.key === 'ArrowUp' && text === '' && !thread.hasNewer.value) {
      const own = thread.messages.value.findLast(
        ({ sender, content }) => sender.id === messenger.person.id && content !== null,
      );
      if (own) setMode({ kind: 'edit', message: own });
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {mode.kind !== 'new' && (
        <div class="composer-mode">
          <span>
            <strong>
              {mode.kind === 'edit'
                ? w.composer.editing
                : w.composer.replying(nameIn(conversation, mode.message.sender.id))}
            </strong>
            <span dir="auto">{plainText(mode.message.content ?? '')}</span>
          </span>
          <IconButton small icon="close" label={w.common.cancel} onClick={leaveMode} />
        </div>
      )}
      {said !== null && (
        <p class="note bad" role="alert">
          {said}
        </p>
      )}
      <div class="composer-field">
        <textarea
          ref={input}
          rows={1}
          dir="auto"
          aria-label={w.composer.label}
          aria-describedby="composer-hint"
          placeholder={w.composer.placeholder(agent?.name ?? '')}
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <button
          type="submit"
          class="send"
          aria-label={w.composer.send}
          title={w.composer.send}
          disabled={text.trim() === ''}
        >
          <SendIcon />
        </button>
      </div>
      <p id="composer-hint" class="composer-hint">
        {w.composer.hint}
      </p>
    </form>
  );
}

function SendIcon() {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 19V5m0 0-6 6m6-6 6 6" />
    </svg>
  );
}

/** Tells the others at most every few seconds, and at once that it is over. */
function useTyping(conversationId: string): (isTyping: boolean) => void {
  const { client } = useMessenger();
  const toldAt = useRef(0);
  return (isTyping) => {
    const now = Date.now();
    const isDue = isTyping ? now - toldAt.current > TYPING_EVERY_MS : toldAt.current > 0;
    if (!isDue) return;
    toldAt.current = isTyping ? now : 0;
    client?.conversation(conversationId).typing(isTyping);
  };
}
