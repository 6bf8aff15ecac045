// Improves the forms of the account: the password can be shown, and a form is sent once. Every page works without it.
"use strict";

for (const button of document.querySelectorAll("button[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const show = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : show;
    field.focus();
  });
  // Password managers recognise the field by its type.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}

// A second press of Enter would replace the answer to the first by one that says that the name is taken, or the password
// another one by now. Who has waited may send again.
const MILLISECONDS_MIN = 3000;
const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (event.timeStamp < sent.get(event.target) + MILLISECONDS_MIN) event.preventDefault();
  else sent.set(event.target, event.timeStamp);
});
