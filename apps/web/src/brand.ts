/** What the operator calls this installation; the gateway writes it into the page. */
export function brandName(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="application-name"]');
  return meta?.content || 'Agent Messenger';
}

/** Whether people may make themselves an account; the gateway writes that into the page too. */
export function isRegistrationOpen(): boolean {
  return document.querySelector<HTMLMetaElement>('meta[name="registration"]')?.content === 'open';
}

export function brandLogo(): string {
  return document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? './icon.svg';
}
