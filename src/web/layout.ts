/** The frame of every page: no script, nothing from elsewhere. */
import { html } from 'ghtml'

export interface Page {
  readonly title: string
  /** Markup, escaped already. */
  readonly body: string
}

export function layout({ title, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${title} · Muster</title>
    <link rel="stylesheet" href="/muster.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <header class="brand">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 1 3 5v6c0 5.5 3.8 10.7 9 12 5.2-1.3 9-6.5 9-12V5l-9-4Zm-1.2 15.2-4-4 1.5-1.5 2.5 2.5 5.2-5.2 1.5 1.5-6.7 6.7Z"/></svg>
      <span>Muster</span>
    </header>
    <main>
      <div class="card">
        !${body}
      </div>
    </main>
  </body>
</html>
`
}
