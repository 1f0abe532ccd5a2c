import type { Locator, Page } from 'playwright-core';

/** What an operator does with the console, in English. */
export class ConsolePage {
  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  async open(key: string): Promise<void> {
    await this.page.goto(`${this.url}/admin/`);
    await this.page.getByLabel('Admin key').fill(key);
    await this.page.getByRole('button', { name: 'Open' }).click();
  }

  async section(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name }).click();
    await this.heading(name).waitFor();
  }

  heading(name: string): Locator {
    return this.page.getByRole('heading', { name, level: 1 });
  }

  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text });
  }

  dialog(name: string | RegExp): Locator {
    return this.page.getByRole('dialog', { name });
  }

  button(name: string, within: Locator | Page = this.page): Locator {
    return within.getByRole('button', { name, exact: true });
  }

  /** Answers the question that is asked before something is done. */
  async confirm(question: string, action: string): Promise<void> {
    const asked = this.dialog(question);
    await this.button(action, asked).click();
    await asked.waitFor({ state: 'detached' });
  }

  async refresh(): Promise<void> {
    await this.button('Refresh').click();
  }
}
