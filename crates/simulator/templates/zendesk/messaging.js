// The buttons of the page, and what an agent sees.
(() => {
  const element = (id) => document.getElementById(id);
  const ANONYMOUS = { name: "Visitor" };

  let isAuthenticated = false;

  const note = (text) => element("events").append(Object.assign(document.createElement("li"), { textContent: text }));

  /** @param {string} kind @param {{ rule: string, message: string }[]} findings */
  const showFindings = (kind, findings = []) => {
    for (const { rule, message } of findings) {
      const item = Object.assign(document.createElement("li"), { className: kind });
      const code = (text) => Object.assign(document.createElement("code"), { textContent: text });
      // Text between backticks is code.
      const prose = message.split("`").map((part, index) => (index % 2 ? code(part) : part));
      item.append(code(rule), " ", ...prose);
      element("findings").append(item);
    }
  };

  const show = (visitor, { violations, warnings, jwt = "" } = {}) => {
    isAuthenticated = visitor !== ANONYMOUS;
    element("name").textContent = visitor.name ?? "Visitor without a name";
    element("check").hidden = !isAuthenticated;
    element("external-id").textContent = visitor.external_id ?? "none";
    element("email").textContent = visitor.email ?? (visitor.email_is_ignored ? "none, because Zendesk ignores the address in the JWT" : "none");
    element("findings").replaceChildren();
    showFindings("bad", violations);
    showFindings("warn", warnings);
    element("jwt").textContent = jwt;
    element("jwt-details").hidden = !jwt;
    element("expire").disabled = !isAuthenticated;
  };

  addEventListener("simulator", ({ detail }) => {
    const { name, status, error } = detail;
    note(`The widget ${name}${error ? `: ${status} ${error.message}, ${error.reason}` : ""}`);
    if (name === "logged in") show(detail.visitor, detail);
    if (name === "was refused") show(ANONYMOUS, detail);
    if (name === "logged out") show(ANONYMOUS);
  });

  element("log-in-form").addEventListener("submit", (event) => {
    event.preventDefault();
    zendeskAuth.logIn({
      url: event.currentTarget.dataset.url,
      userToken: element("user-token").value || undefined,
      onError: ({ kind, detail }) => note(`onError receives ${kind}, ${detail.message}`),
    });
  });
  element("log-out").addEventListener("click", () => zendeskAuth.logOut());
  element("expire").addEventListener("click", () => zE.expire());

  element("message-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const item = document.createElement("li");
    item.append(`${element("name").textContent}: ${element("message").value}`);
    if (isAuthenticated) item.append(" ", Object.assign(document.createElement("span"), { className: "good", textContent: "✓" }));
    element("conversation").append(item);
  });

  element("bind-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(event.currentTarget));
    const { ok } = await fetch("/messaging/identities", { method: "POST", body });
    element("undo-form").hidden = !ok;
    element("moved").textContent = `${body.get("email")} belongs to ${body.get("external_id")}.`;
    note(ok ? `Zendesk binds ${body.get("email")} to ${body.get("external_id")}` : "Zendesk refused the pair");
  });
})();
