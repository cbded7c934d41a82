// A fake of the web widget that can only log in and out.
// https://developer.zendesk.com/api-reference/widget-messaging/web/authentication/
(() => {
  /** The longest timer, in milliseconds. */
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

  /** Reports to the page what Zendesk's widget hides. */
  const report = (name, detail = {}) => dispatchEvent(new CustomEvent("simulator", { detail: { name, ...detail } }));

  const askForJwt = (current = login) => {
    if (!current) return;
    report("asks for a JWT");
    current.jwtCallback((jwt) => current === login && present(jwt));
  };

  const present = async (jwt) => {
    const current = login;
    const response = await fetch("/messaging/login", { method: "POST", body: jwt });
    const answer = await response.json();
    if (current !== login) return;
    clearTimeout(expiry);
    report(response.ok ? "logged in" : "was refused", { status: response.status, ...answer });
    // A timer can fire early, and `exp` must have passed.
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
      report("logged out");
    },
  };

  window.zE = (object, command, ...callbacks) => {
    if (object !== "messenger" || !(command in commands)) throw new Error(`the fake widget has no ${object} ${command}`);
    commands[command](...callbacks);
  };

  /** Only the fake has this: ends the lifetime of the JWT. */
  zE.expire = () => {
    report("finds its JWT expired");
    askForJwt();
  };
})();
