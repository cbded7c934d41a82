// Runs npm's oidc-provider, a certified OpenID provider, on loopback, and signs a user in by the authorization code flow.
//
// Prints one line: the URL of a control server with these routes.
//   GET  /issuer              the issuer
//   GET  /id-token?alg=ES256  an ID token of a new sign-in, signed with this algorithm
//   POST /publish-next        publishes one more key for each algorithm, which does not sign yet
//   POST /use-next            signs with these keys, and still publishes the old ones
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];
const REDIRECT_URI = "https://www.example.com/callback";

let generation = 0;

async function newKeys() {
  generation += 1;
  return Promise.all(ALGORITHMS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `${alg}-${generation}` };
  }));
}

function providerWith(keys) {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: ALGORITHMS.map((alg) => ({
      client_id: `acme-${alg}`,
      token_endpoint_auth_method: "none",
      redirect_uris: [REDIRECT_URI],
      id_token_signed_response_alg: alg,
    })),
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    scopes: ["openid", "profile", "email"],
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(16).toString("hex")] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: "Independent User", email: "independent@example.com", email_verified: true }),
    }),
  });
  // The provider logs each use of its development pages.
  return provider.callback();
}

async function listen(server) {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${server.address().port}`;
}

let answer;
const issuer = await listen(createServer((request, response) => answer(request, response)));
let published = await newKeys();
let next = [];
answer = providerWith(published);

// A browser that follows redirects until they leave the provider, and keeps cookies.
async function visit(url, cookies, form) {
  for (;;) {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
    const body = form && new URLSearchParams(form);
    const response = await fetch(url, { method: form ? "POST" : "GET", headers, body, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (!location) return { url, text: await response.text() };
    url = new URL(location, url).href;
    form = undefined;
    if (url.startsWith(REDIRECT_URI)) return { url };
  }
}

async function signIn(alg) {
  const cookies = new Map();
  const verifier = randomBytes(32).toString("base64url");
  const request = new URLSearchParams({
    client_id: `acme-${alg}`,
    response_type: "code",
    scope: "openid profile email",
    redirect_uri: REDIRECT_URI,
    nonce: randomBytes(8).toString("hex"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  let page = await visit(`${issuer}/auth?${request}`, cookies);
  page = await visit(page.url, cookies, { prompt: "login", login: "independent-1", password: "any" });
  page = await visit(page.url, cookies, { prompt: "consent" });
  const code = new URL(page.url).searchParams.get("code");
  const exchange = { grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI, client_id: `acme-${alg}`, code_verifier: verifier };
  const response = await fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(exchange) });
  const tokens = await response.json();
  if (!tokens.id_token) throw new Error(JSON.stringify(tokens));
  return tokens.id_token;
}

async function control(request) {
  const url = new URL(request.url, "http://127.0.0.1");
  switch (`${request.method} ${url.pathname}`) {
    case "GET /issuer":
      return issuer;
    case "GET /id-token":
      return signIn(url.searchParams.get("alg"));
    case "POST /publish-next":
      next = await newKeys();
      // The first key of an algorithm signs.
      answer = providerWith([...published, ...next]);
      return "";
    case "POST /use-next":
      published = [...next, ...published];
      answer = providerWith(published);
      return "";
    default:
      throw new Error(`no route ${request.method} ${url.pathname}`);
  }
}

const controlled = createServer((request, response) => {
  control(request).then(
    (text) => response.end(text),
    (error) => response.writeHead(500).end(String(error)),
  );
});
console.log(await listen(controlled));
