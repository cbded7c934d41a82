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
