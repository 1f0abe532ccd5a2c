import { words } from '../i18n/i18n';
import { Button } from './button';
import { Dialog } from './dialog';

interface ConfirmProps {
  /** The question. */
  title: string;
  /** What will have happened then. */
  lead: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is done that cannot be undone. */
export function Confirm({ title, lead, action, onConfirm, onClose }: ConfirmProps) {
  const { close, cancel } = words().common;
  const foot = (
    <>
      <Button onClick={onClose}>{cancel}</Button>
      <Button
        look="danger"
        onClick={() => {
          onClose();
          onConfirm();
        }}
      >
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} closeLabel={close} onClose={onClose} foot={foot}>
      <p>{lead}</p>
    </Dialog>
  );
}
