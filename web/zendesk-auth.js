/**
 * Keeps the visitor of your page logged in to Zendesk messaging, with the JWTs of `POST /messaging/jwt`.
 *
 * As a module, which exports nothing, because the same file is a plain script too:
 *
 *     import "./zendesk-auth.js";
 *     zendeskAuth.logIn({ url: "https://auth.example.com/messaging/jwt" });
 *
 * As a plain script:
 *
 *     <script src="/zendesk-auth.js"></script>
 *     <script>zendeskAuth.logIn({ url: "https://auth.example.com/messaging/jwt" });</script>
 *
 * Call `logIn` on every page that a signed-in user loads, and `logOut` when the user signs out. Zendesk's snippet,
 * which defines `zE`, may come before or after: `logIn` waits for `zE`.
 * <https://developer.zendesk.com/api-reference/widget-messaging/web/authentication/>
 *
 * @typedef {object} Options
 * @property {string} url Where the service answers `POST /messaging/jwt`.
 * @property {string | (() => string | Promise<string>)} [userToken] The user token, or a function that returns it,
 *   called before every request. The token is sent as `Authorization: Bearer`, so it must be printable ASCII. Without a
 *   token, the session cookie is sent.
 * @property {(failure: Failure) => void} [onError] Gets the reason why the visitor is not logged in. By default the
 *   reason goes to the console.
 * @property {number} [timeout] Milliseconds for one request (10000).
 * @property {number} [giveUpAfter] Milliseconds of an outage after which the script stops trying (120000).
 *
 * @typedef {object} Failure
 * @property {"signed_out" | "unavailable" | "refused_by_zendesk"} kind
 *   `signed_out`: the service refused. The visitor is anonymous, and the script waits for the next `logIn`.
 *   `unavailable`: there is no JWT now, and nobody knows whether the visitor is signed in. Try again later.
 *   `refused_by_zendesk`: Zendesk refused the JWT. The visitor is anonymous.
 * @property {{ message: string, status?: number, type?: string, reason?: string }} detail The status of the last
 *   answer, 0 without an answer, or the members of Zendesk's `LoginFailedError`. Never contains a token.
 */

// A `var` of a plain script is global, and so are its types in TypeScript.
var zendeskAuth = (() => {
  /** Aborting it ends everything that the last `logIn` started. */
  let session = new AbortController();

  /** @type {() => undefined | ((object: "messenger", command: string, ...callbacks: Function[]) => void)} */
  const widget = () => /** @type {any} */ (globalThis).zE;

  /** @param {number} milliseconds */
  const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

  /**
   * @typedef {{ jwt?: string, status?: number, message: string, retryAfter?: number }} Answer
   * @type {(options: Options, signal: AbortSignal) => Promise<Answer>}
   */
  const request = async ({ url, userToken }, signal) => {
    const token = typeof userToken == "function" ? await userToken() : userToken;
    // Without a header of our own and without a body, a browser sends no preflight.
    const response = await fetch(url, {
      method: "POST",
      credentials: userToken ? "omit" : "include",
      headers: userToken ? { Authorization: `Bearer ${token}` } : undefined,
      signal,
    });
    const { ok, status, headers } = response;
    const after = headers.get("Retry-After") || "";
    return {
      jwt: ok ? (await response.json()).jwt : undefined,
      status,
      message: `the service answered ${status}`,
      retryAfter: +after * 1000 || Date.parse(after) - Date.now() || 0,
    };
  };

  /**
   * The answer to one request, or the reason why there is none.
   *
   * @type {typeof request}
   */
  const ask = async (options, signal) => {
    const attempt = new AbortController();
    const end = new Promise((_, reject) => {
      setTimeout(reject, options.timeout, Error("no answer in time"));
      signal.addEventListener("abort", reject);
    });
    try {
      return await Promise.race([request(options, attempt.signal), end]);
    } catch (error) {
      return { message: `${error}` };
    } finally {
      attempt.abort();
    }
  };

  /**
   * A new JWT, or the reason why there is none; undefined if the session has ended.
   *
   * @type {(options: Options & { giveUpAfter: number }, signal: AbortSignal) => Promise<string | Failure | undefined>}
   */
  const fetchJwt = async (options, signal) => {
    const end = Date.now() + options.giveUpAfter;
    for (let backoff = 1000; !signal.aborted; backoff = Math.min(2 * backoff, 30000)) {
      const { jwt, status = 0, message, retryAfter = 0 } = await ask(options, signal);
      if (jwt) return jwt;

      const detail = { message, status };
      if ([400, 401, 403].includes(status)) return { kind: "signed_out", detail };

      // The jitter only adds, so that no request comes before Retry-After.
      const wait = Math.max(backoff, retryAfter) * (1 + Math.random() / 2);
      const mayPass = !status || status == 429 || status >= 500;
      if (!mayPass || Date.now() + wait > end) return { kind: "unavailable", detail };
      await pause(wait);
    }
  };

  /**
   * Logs the visitor in, and answers Zendesk's requests for another JWT until `logOut` or the next `logIn`.
   *
   * @param {Options} options
   */
  const logIn = async ({
    url,
    userToken,
    onError = (failure) => console.warn("zendesk-auth", failure),
    timeout = 10000,
    giveUpAfter = 120000,
  }) => {
    session.abort();
    const current = (session = new AbortController());
    const { signal } = current;
    let isLoggedIn = false;
    /** @type {Function[]} */
    const waiting = [];

    const jwtCallback = async (/** @type {Function} */ callback) => {
      // If Zendesk asks again before the answer comes, one answer serves both.
      if (signal.aborted || waiting.push(callback) > 1) return;
      const result = await fetchJwt({ url, userToken, timeout, giveUpAfter }, signal);
      const callbacks = waiting.splice(0);
      if (signal.aborted || !result) return;
      if (typeof result == "string") return callbacks.forEach((callback) => callback(result));
      if (result.kind == "signed_out") {
        current.abort();
        // For a visitor who was always anonymous, this would end the conversation.
        if (isLoggedIn) widget()?.("messenger", "logoutUser");
      }
      onError(result);
    };

    const loginCallback = (/** @type {Failure["detail"] | null} */ error) => {
      isLoggedIn = !error;
      if (!error || signal.aborted) return;
      // Copied, because an Error is empty in JSON.
      const { message, type, reason } = error;
      onError({ kind: "refused_by_zendesk", detail: { message, type, reason } });
    };

    const end = Date.now() + giveUpAfter;
    while (!widget()) {
      if (Date.now() > end) return onError({ kind: "unavailable", detail: { message: "zE is not defined" } });
      await pause(100);
      if (signal.aborted) return;
    }
    widget()?.("messenger", "loginUser", jwtCallback, loginCallback);
  };

  /** Logs the visitor out, and cancels requests. */
  const logOut = () => {
    session.abort();
    widget()?.("messenger", "logoutUser");
  };

  return { logIn, logOut };
})();

// The `var` of a module is not global.
globalThis.zendeskAuth = zendeskAuth;
