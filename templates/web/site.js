// Makes the pages quicker to use. Without it every page works the same by its buttons.
document.documentElement.classList.add("js");

// The time zone the browser lives in, where nothing else was chosen.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[data-guess]")) {
  if (!zone || field.value !== "UTC") continue;
  field.value = zone;
  const shown = field.form.querySelector("[data-zone-name]");
  if (shown) shown.textContent = zone.split("/").slice(1).join(" / ").replaceAll("_", " ") || zone;
}

// All time zones, once somebody is about to choose one.
for (const field of document.querySelectorAll("[data-zones]")) {
  field.addEventListener("focus", async () => {
    const answer = await fetch(field.dataset.zones);
    if (!answer.ok) return;
    const list = document.createElement("datalist");
    list.id = `${field.id}-list`;
    for (const name of await answer.json()) list.append(new Option(name.split("/").slice(1).join(" / ").replaceAll("_", " "), name));
    field.after(list);
    field.setAttribute("list", list.id);
  }, { once: true });
}

// What topics would bring, as one types: after a pause, and only the newest question counts.
const topics = document.querySelector("[data-live]");
const preview = document.getElementById("preview");
const PAUSE_MILLISECONDS = 350;
let asking = null;
let waiting = 0;

async function ask() {
  asking?.abort();
  asking = new AbortController();
  if (!topics.value.trim()) {
    preview.hidden = true;
    return;
  }
  try {
    const body = new URLSearchParams({ topics: topics.value });
    const answer = await fetch(topics.dataset.live, { method: "POST", body, signal: asking.signal });
    if (!answer.ok) return;
    preview.innerHTML = await answer.text();
    preview.hidden = false;
  } catch (error) {
    if (error.name !== "AbortError") preview.hidden = true;
  }
}

if (topics && preview) {
  topics.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE_MILLISECONDS);
  });
  preview.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-add]");
    if (!chip) return;
    event.preventDefault();
    topics.value = [topics.value.trim(), chip.value].filter(Boolean).join("\n") + "\n";
    topics.focus();
    ask();
  });
  // Whoever comes to change something knows what they have: their preview waits until they type.
  if (topics.value.trim() && preview.hidden && !("patient" in preview.dataset)) ask();
}

// What can be copied, where the browser lets us.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
