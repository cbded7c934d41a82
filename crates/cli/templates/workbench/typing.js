// Shows the answer of a form while a person types. Without this script, the form's button does.
const PAUSE = 150;

for (const form of document.querySelectorAll("form[data-typing]")) {
  let timer;
  let latest = 0;

  const show = async (typed) => {
    const request = ++latest;
    const data = new URLSearchParams(new FormData(form));
    const button = form.querySelector(`button[name="${typed.dataset.button}"]`);
    if (button) data.set(button.name, button.value);
    const isSearch = form.method === "get";
    const address = isSearch ? `${form.action}?${data}` : form.action;
    const answer = await fetch(address, isSearch ? {} : { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (request !== latest || !answer.ok) return;
    if (isSearch) history.replaceState(null, "", address);
    for (const part of document.querySelectorAll("[data-part]")) {
      part.replaceChildren(...page.getElementById(part.id).childNodes);
    }
    for (const field of form.querySelectorAll("textarea")) {
      if (field !== typed) field.value = page.getElementById(field.id).value;
    }
    showCopyButtons();
    announcement.textContent = document.querySelector("[data-part] [data-says]")?.textContent ?? "";
  };

  form.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE, target);
  });
}
