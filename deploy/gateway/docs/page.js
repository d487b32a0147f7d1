// Shows openapi.json. Calls go to the same gateway. One field has the token for all calls; it is kept in memory only. The calls that need
// no id work as they come: SignUp has an email that is free, and Login fills in its tokens.
"use strict";

const WATCH_SECONDS = 3;
// The placeholder of tokens in the examples of openapi.json.
const TOKEN_EXAMPLE = "eyJhbGciOiJFUzI1NiIs…";
const tokens = { access_token: "", refresh_token: "" };

/** Returns the document as this page shows it: one kind of token, and emails that nobody has yet. */
function prepared(spec) {
  const unique = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  delete spec.components.securitySchemes.access_token;
  for (const operation of Object.values(spec.paths).flatMap((path) => Object.values(path))) {
    operation.security = operation.security.filter((one) => "bearer" in one);
    const body = operation.requestBody?.content["application/json"]?.example;
    const name = operation.operationId === "CreateUser" ? "grace" : "ada";
    if (body?.email) body.email = `${name}-${unique}@example.com`;
    for (const parameter of operation.parameters) {
      if (parameter.name === "email" && parameter.example) parameter.example = `ada-${unique}@example.com`;
    }
  }
  return spec;
}

/** Returns when the token expires, for people; empty if the text is no token. */
function validity(token) {
  try {
    const { exp } = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return `valid until ${new Date(exp * 1000).toLocaleTimeString()}`;
  } catch {
    return token ? "not a token" : "";
  }
}

/** Uses the access token for all following calls. */
function use(ui, token) {
  tokens.access_token = token;
  document.getElementById("token").value = token;
  document.getElementById("validity").value = validity(token);
  if (token) ui.preauthorizeApiKey("bearer", token);
  else ui.authActions.logout(["bearer"]);
}

/** Fetches a stream that does not end, and answers with its first seconds. */
async function fetchBeginning(url, request) {
  const response = await fetch(url, request);
  if (!response.ok) return response;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const stop = setTimeout(() => reader.cancel(), WATCH_SECONDS * 1000);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(stop);
  return new Response(text, { status: response.status, headers: response.headers });
}

function beforeRequest(request) {
  const path = new URL(request.url, location.href).pathname;
  if (path.endsWith(":watch")) request.userFetch = fetchBeginning;
  if (typeof request.body === "string" && path.startsWith("/v1/auth/")) {
    const token = path === "/v1/auth/refresh" ? tokens.refresh_token : tokens.access_token;
    if (token) request.body = request.body.replace(TOKEN_EXAMPLE, token);
  }
  return request;
}

async function show() {
  const spec = prepared(await (await fetch("openapi.json")).json());
  const ui = SwaggerUIBundle({
    spec,
    dom_id: "#api",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    syntaxHighlight: false,
    tagsSorter: "alpha",
    tryItOutEnabled: true,
    validatorUrl: null,
    requestInterceptor: beforeRequest,
    responseInterceptor: (response) => {
      const { pathname } = new URL(response.url, location.href);
      if (response.ok && pathname.startsWith("/v1/auth/") && response.obj?.access_token) {
        tokens.refresh_token = response.obj.refresh_token;
        use(ui, response.obj.access_token);
      }
      return response;
    },
  });
  const field = document.getElementById("token");
  field.addEventListener("input", () => use(ui, field.value.trim()));
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
show();
