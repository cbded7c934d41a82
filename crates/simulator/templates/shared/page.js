// Every page works without this script, which adds copy buttons, the focus on a result, and a list that follows events.
const announcement = document.createElement("p");
announcement.className = "hidden";
announcement.setAttribute("role", "status");
document.body.append(announcement);

const showCopyButtons = () => {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.setAttribute("aria-label", `Copy: ${button.dataset.copies}`);
  }
};
showCopyButtons();
addEventListener("click", async ({ target }) => {
  if (!target.matches("button.copy")) return;
  await navigator.clipboard.writeText(document.getElementById(target.dataset.copies).textContent);
  target.textContent = announcement.textContent = "Copied";
  setTimeout(() => (target.textContent = "Copy"), 2000);
});

// Screen readers and the keyboard start at the result.
document.getElementById("result")?.focus({ preventScroll: true });

// The server sends an event at the address in `data-live` when the element has a newer version.
const live = document.querySelector("[data-live]");
if (live) {
  let timer;
  const refresh = async () => {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = live.contains(document.activeElement) && document.activeElement.getAttribute("href");
    live.replaceChildren(...page.getElementById(live.id).childNodes);
    if (focused) live.querySelector(`a[href="${focused}"]`)?.focus();
  };
  // A browser allows few connections to a server, so hidden tabs have none.
  let source;
  const listen = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(live.dataset.live);
    source.onopen = source.onmessage = () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, 100);
    };
  };
  listen();
  document.addEventListener("visibilitychange", listen);
}
