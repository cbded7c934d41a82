// Copy buttons, which stay hidden without this script.
const announcement = document.createElement("p");
announcement.className = "hidden";
announcement.setAttribute("role", "status");
document.body.append(announcement);

for (const button of document.querySelectorAll("button.copy")) {
  const source = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = announcement.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

// Screen readers and the keyboard start at the result.
document.getElementById("result")?.focus();

// The list of requests is live.
const list = document.getElementById("requests-list");
if (list) {
  const refresh = async () => {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    list.replaceChildren(...page.getElementById("requests-list").childNodes);
    if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
  };
  new EventSource("/runs/changes").onmessage = refresh;
}
