"use strict";
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Without this, the viewer sends the document to its maker's server for validation.
  validatorUrl: null,
});
