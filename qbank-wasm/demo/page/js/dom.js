// Elements out of names, attributes and text. Text stays text: nothing here parses HTML.

export const byId = (id) => document.getElementById(id);

export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(attribute, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Writes only what is new: a live region is read out when it changes, and only then. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that is off stays where the keyboard can find it. */
export function setEnabled(button, enabled) {
  button.setAttribute("aria-disabled", String(!enabled));
}

export const isEnabled = (button) => button.getAttribute("aria-disabled") !== "true";

export function onPress(button, action) {
  button.addEventListener("click", () => {
    if (isEnabled(button)) action();
  });
}
