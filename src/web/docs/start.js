// Light or dark is what the system says, as on every other page.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  tryItOutEnabled: true,
  // Tokens stay in the page's memory, and the document is judged by nobody else's server.
  persistAuthorization: false,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
