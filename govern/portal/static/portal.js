// The passkey ceremony: asks the browser what the form says, and sends the form with the answer. The digest of a document
// that is to be signed for, so that the document itself stays where it is. And the progress of a job: fetches its page anew
// until it is done. Nothing else.
"use strict";
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-said]");
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) {
    said.textContent = form.dataset.unsupported;
    continue;
  }
  for (const button of form.querySelectorAll("button[data-sign]")) button.disabled = false;
  form.addEventListener("submit", async (event) => {
    if (!event.submitter || !("sign" in event.submitter.dataset)) return;
    event.preventDefault();
    event.submitter.disabled = true;
    said.textContent = form.dataset.waiting;
    try {
      const options = JSON.parse(form.dataset.options);
      const made = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.response.value = JSON.stringify(made.toJSON());
      form.submit();
    } catch {
      said.textContent = form.dataset.failed;
      event.submitter.disabled = false;
    }
  });
}

for (const input of document.querySelectorAll("input[data-digest]")) {
  const { form } = input;
  const [said, button] = [form.querySelector("[data-digest-said]"), form.querySelector("button")];
  input.addEventListener("change", async () => {
    const [file] = input.files;
    form.elements[input.dataset.digest].value = said.textContent = "";
    if (!file) return;
    button.disabled = true;
    try {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      if (input.files[0] !== file) return;
      said.textContent = Array.from(digest, (one) => one.toString(16).padStart(2, "0")).join("");
      form.elements[input.dataset.digest].value = said.textContent;
    } finally {
      button.disabled = false;
    }
  });
}

async function follow(main) {
  for (let job = main.querySelector("[data-job]"); job; ) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const answer = await fetch(location.href).catch(() => null);
    // Signed out, or the portal is gone: the link on the page says so to whoever follows it.
    if (!answer || !answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const still = next.querySelector("[data-job]");
    document.title = next.title;
    if (still) {
      job.querySelector("progress").replaceWith(still.querySelector("progress"));
      job.querySelector("[data-count]").textContent = still.querySelector("[data-count]").textContent;
    } else {
      // The region that a screen reader listens to stays, and says what came of it.
      const said = job.querySelector("[data-said]");
      said.className = "unseen";
      main.replaceChildren(said, ...next.querySelector("main").children);
      said.textContent = main.querySelector("h1").textContent;
    }
    job = main.querySelector("[data-job]");
  }
}
follow(document.querySelector("main"));
