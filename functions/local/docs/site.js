"use strict";
// The viewer resolves references only in a document with an http address. A page that is opened from a disk has none, so
// the document gets this one. The document refers only to itself, and nothing asks this address.
const withAddress = ({ fn: { resolveSubtree } }) => ({
  fn: {
    resolveSubtree: (document, path, options) =>
      resolveSubtree(document, path, { ...options, baseDoc: "http://localhost/openapi.json" }),
  },
});
SwaggerUIBundle({
  // No API stands beside this page, so it names no server and sends no requests.
  spec: { ...embeddedContract, servers: [] },
  supportedSubmitMethods: [],
  plugins: [withAddress],
  dom_id: "#contract",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
