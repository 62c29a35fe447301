"use strict";
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // The viewer would ask its makers' server whether the document is valid.
  validatorUrl: null,
});
