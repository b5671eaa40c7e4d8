// The little that the desk's pages need besides htmx: a file that is dragged in, printing, focus, progress, and a sign of life.
"use strict";

const token = document.body.dataset.token;

function focusOnFault() {
  const fault = document.querySelector("[data-focus]");
  if (fault) fault.focus();
}

function printing() {
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
}

// --- a file that is dragged in ---------------------------------------------------------------------

function fault(text) {
  const box = document.getElementById("drop-fault");
  box.firstElementChild.textContent = text;
  box.hidden = false;
  box.focus();
}

function send(zone, file) {
  const bar = document.getElementById("sent");
  document.getElementById("sending-text").textContent = zone.dataset.sending;
  document.getElementById("sending").hidden = false;
  document.getElementById("drop-fault").hidden = true;
  const request = new XMLHttpRequest();
  request.open("POST", "/export/sleep");
  request.setRequestHeader("X-Desk-Token", token);
  request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = (event) => { bar.value = event.total ? (100 * event.loaded) / event.total : 0; };
  request.onload = () => {
    if (request.status === 200) { window.location.assign(request.responseText); return; }
    document.getElementById("sending").hidden = true;
    fault(request.responseText || zone.dataset.failed);
  };
  request.onerror = () => { document.getElementById("sending").hidden = true; fault(zone.dataset.failed); };
  request.send(file);
}

function dropping() {
  const zone = document.getElementById("drop");
  if (!zone) return;
  const input = document.getElementById("file");
  input.addEventListener("change", () => { if (input.files.length) send(zone, input.files[0]); });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) send(zone, event.dataTransfer.files[0]);
  });
  // A file that is let go beside the zone would else be opened by the browser.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
}

// --- progress ---------------------------------------------------------------------------------------

// Who has pressed a button goes where that leads. A page that still asked how far it is would be led there as well, and
// the second load would no longer have what is said once, such as that nothing was written.
function askNoMore() {
  const progress = document.getElementById("progress");
  if (!progress) return;
  window.htmx.trigger(progress, "htmx:abort");
  const still = progress.cloneNode(true);
  for (const name of ["hx-get", "hx-trigger", "hx-swap"]) still.removeAttribute(name);
  progress.replaceWith(still);
}

// --- a sign of life: the desk stops when its page is gone -------------------------------------------

let misses = 0;

async function alive() {
  try {
    await fetch("/leef", { method: "POST", headers: { "X-Desk-Token": token } });
    misses = 0;
  } catch {
    misses += 1;
    if (misses === 2) showGone();
  }
}

function showGone() {
  const note = document.createElement("p");
  note.className = "alert";
  note.setAttribute("role", "alert");
  note.textContent = document.body.dataset.gone;
  document.getElementById("content").prepend(note);
}

if (token) {
  focusOnFault();
  printing();
  dropping();
  window.addEventListener("submit", askNoMore);
  window.setInterval(alive, 20000);
  // A page that the browser kept for its back button may show what was cleared.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
}
