import { page } from './html';

/** Swagger UI fills it in. */
export function restPage(): string {
  return page({
    title: 'Agent Messenger: REST',
    current: 'rest',
    head: `<link rel="stylesheet" href="swagger-ui.css">
<script defer src="swagger-ui-bundle.js"></script>
<script defer src="rest-page.js"></script>
`,
    main: '<noscript><p>The page needs scripts; the document is <a href="../openapi.json">openapi.json</a>.</p></noscript><div id="rest"></div>',
  });
}

/**
 * Runs in the browser. The validator's badge would ask a server of somebody else; credentials that are typed in stay
 * in the memory of the page.
 */
export const REST_PAGE_SCRIPT = `SwaggerUIBundle({
  url: '../openapi.json',
  dom_id: '#rest',
  validatorUrl: null,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
});
`;
