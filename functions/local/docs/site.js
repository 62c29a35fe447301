"use strict";
// The viewer resolves references only in a document with an http address. A page opened from a disk has none, so
// the document gets this one. The document refers only to itself, and nothing requests this address.
const withAddress = ({ fn: { resolveSubtree } }) => ({
  fn: {
    resolveSubtree: (document, path, options) =>
      resolveSubtree(document, path, { ...options, baseDoc: "http://localhost/openapi.json" }),
  },
});
SwaggerUIBundle({
  // The static page has no API, so it lists no server and sends no requests.
  spec: { ...embeddedContract, servers: [] },
  supportedSubmitMethods: [],
  plugins: [withAddress],
  dom_id: "#contract",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
