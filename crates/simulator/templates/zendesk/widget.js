// Stands in for Zendesk's web widget, as far as logging in goes.
// https://developer.zendesk.com/api-reference/widget-messaging/web/authentication/
(() => {
  /** The longest time that a timer takes, in milliseconds. */
  const LONGEST = 2 ** 31 - 1;

  class LoginFailedError extends Error {
    constructor({ message, reason }) {
      super(message);
      this.type = "LoginFailedError";
      this.reason = reason;
    }
  }

  let login;
  let expiry;

  /** Tells the page about what Zendesk's own widget keeps to itself. */
  const tell = (name, detail = {}) => dispatchEvent(new CustomEvent("simulator", { detail: { name, ...detail } }));

  const askForJwt = (current = login) => {
    if (!current) return;
    tell("asks for a JWT");
    current.jwtCallback((jwt) => current === login && present(jwt));
  };

  const present = async (jwt) => {
    const current = login;
    const response = await fetch("/messaging/login", { method: "POST", body: jwt });
    const answer = await response.json();
    if (current !== login) return;
    clearTimeout(expiry);
    tell(response.ok ? "logged in" : "was refused", { status: response.status, ...answer });
    // A timer may be early by a millisecond, and `exp` has to be over.
    const left = answer.exp * 1000 + 100 - Date.now();
    if (response.ok && left <= LONGEST) expiry = setTimeout(askForJwt, left);
    current.loginCallback?.(response.ok ? null : new LoginFailedError(answer.error));
  };

  const commands = {
    loginUser(jwtCallback, loginCallback) {
      login = { jwtCallback, loginCallback };
      askForJwt();
    },
    logoutUser() {
      clearTimeout(expiry);
      login = undefined;
      tell("logged out");
    },
  };

  window.zE = (object, command, ...callbacks) => {
    if (object !== "messenger" || !(command in commands)) throw new Error(`the stand-in has no ${object} ${command}`);
    commands[command](...callbacks);
  };

  /** What only the stand-in has: the JWT's time is over. */
  zE.expire = () => {
    tell("finds its JWT expired");
    askForJwt();
  };
})();
