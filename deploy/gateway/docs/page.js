// Shows the document that stands beside this page. Calls go to the same gateway; a token that is entered is kept in memory only.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  syntaxHighlight: false,
  tagsSorter: "alpha",
  validatorUrl: null,
});
