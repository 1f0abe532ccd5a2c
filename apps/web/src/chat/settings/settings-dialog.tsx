import { useState } from 'preact/hooks';
import { language, languages, useLanguage, words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { useMessenger } from '../messenger-context';
import { NotificationSetting } from './notification-setting';
import { PasswordDialog } from './password-dialog';
import { saveLanguage, savedTheme, saveTheme, type Theme } from './preferences';

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const messenger = useMessenger();
  const w = words();
  const [theme, setTheme] = useState(savedTheme());
  const [leaving, setLeaving] = useState<'here' | 'everywhere' | null>(null);
  const [isChanging, setChanging] = useState(false);
  const name = messenger.person.name;

  return (
    <Dialog title={w.settings.title} closeLabel={w.common.close} onClose={onClose}>
      <fieldset class="choice">
        <legend>{w.settings.theme}</legend>
        {(['system', 'light', 'dark'] satisfies Theme[]).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="theme"
              checked={theme === each}
              onChange={() => {
                saveTheme(each);
                setTheme(each);
              }}
            />
            {w.settings[each]}
          </label>
        ))}
      </fieldset>
      <fieldset class="choice">
        <legend>{w.settings.language}</legend>
        {languages.map((each) => (
          <label key={each} lang={each}>
            <input
              type="radio"
              name="language"
              checked={language() === each}
              onChange={() => {
                saveLanguage(each);
                void useLanguage(each);
              }}
            />
            {new Intl.DisplayNames(each, { type: 'language' }).of(each)}
          </label>
        ))}
      </fieldset>
      <NotificationSetting />
      <div class="setting setting-end">
        <h3>{w.settings.account}</h3>
        {name !== null && <p class="muted">{w.settings.signedInAs(name)}</p>}
        <div class="buttons is-start">
          <Button onClick={() => setChanging(true)}>{w.settings.changePassword}</Button>
          <Button onClick={() => setLeaving('here')}>{w.settings.signOut}</Button>
          <Button look="danger" onClick={() => setLeaving('everywhere')}>
            {w.settings.signOutEverywhere}
          </Button>
        </div>
      </div>
      {isChanging && <PasswordDialog onClose={() => setChanging(false)} />}
      {leaving !== null && (
        <Confirm
          title={leaving === 'here' ? w.settings.signOut : w.settings.signOutEverywhere}
          lead={w.settings.signOutAsk}
          action={w.settings.signOut}
          onConfirm={() => void messenger.signOut(leaving === 'everywhere')}
          onClose={() => setLeaving(null)}
        />
      )}
    </Dialog>
  );
}
