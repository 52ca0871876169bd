// Chooses the time zone the browser lives in. Without JavaScript it is UTC until somebody chooses.
const list = document.querySelector("select[data-guess]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (list && list.value === "UTC" && [...list.options].some((option) => option.value === zone)) list.value = zone;
