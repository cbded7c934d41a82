// Stands in for Zendesk's snippet: `zE` as far as logging in goes.
// https://developer.zendesk.com/api-reference/widget-messaging/web/authentication/
(() => {
  // Taken before the page's own recorder replaces them.
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
    // A timer may be early by a millisecond, and `exp` has to be over.
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

  // For the specs: who is writing, how often somebody was logged out, and the end of a JWT's time.
  zE.visitor = ANONYMOUS;
  zE.logouts = 0;
  zE.expire = () => askForJwt();
})();
