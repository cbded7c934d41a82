// Buttons that copy what they stand beside; without this script they stay hidden.
const said = document.createElement("p");
said.className = "hidden";
said.setAttribute("role", "status");
document.body.append(said);

for (const button of document.querySelectorAll("button.copy")) {
  const source = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = said.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

// What was asked for is read first, and the keyboard goes on from there.
document.getElementById("result")?.focus();
