// The passkey ceremony, and nothing else: asks the browser what the form says, and sends the form with the answer.
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
