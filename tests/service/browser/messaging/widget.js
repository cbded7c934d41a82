// A fake of Zendesk's snippet: the parts of `zE` that log in and out.
// https://developer.zendesk.com/api-reference/widget-messaging/web/authentication/
(() => {
  // Saved before the page's recorder replaces them.
  const { fetch, setTimeout } = window;
  const ANONYMOUS = "anonymous";

  class LoginFailedError extends Error {
    constructor({ message, reason }) {
      super(message);
      this.type = "LoginFailedError";
      this.reason = reason;
    }
  }

  let login;
  let expiry;

  const askForJwt = (current = login) => current.jwtCallback((jwt) => current === login && present(jwt));

  const present = async (jwt) => {
    const current = login;
    const response = await fetch("https://acme.zendesk.com/login", { method: "POST", body: jwt });
    const { name, exp, refusal } = await response.json();
    if (current !== login) return;
    clearTimeout(expiry);
    zE.visitor = refusal ? ANONYMOUS : name;
    // A timer can be a millisecond early, and `exp` must have passed.
    if (!refusal) expiry = setTimeout(askForJwt, exp * 1000 + 100 - Date.now());
    current.loginCallback?.(refusal ? new LoginFailedError(refusal) : null);
  };

  const commands = {
    loginUser(jwtCallback, loginCallback) {
      login = { jwtCallback, loginCallback };
      askForJwt();
    },
    logoutUser() {
      zE.logouts += 1;
      zE.visitor = ANONYMOUS;
      clearTimeout(expiry);
      login = undefined;
    },
  };

  window.zE = (object, command, ...callbacks) => {
    if (object !== "messenger") throw new Error(`no ${object}`);
    commands[command](...callbacks);
  };

  // For the tests.
  zE.visitor = ANONYMOUS;
  zE.logouts = 0;
  zE.expire = () => askForJwt();
})();
