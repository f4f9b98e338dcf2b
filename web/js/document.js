// The document that xterm.js gets. It writes `<style>` elements and `style` attributes, which the page's security
// policy refuses; the elements made here hand both over to interfaces that the policy has nothing against.

const create = document.createElement.bind(document);

class StyleSpan extends HTMLSpanElement {}
StyleSpan.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else HTMLElement.prototype.setAttribute.call(this, name, value);
};

function createElement(name) {
  if (name === "style") return styleElement();
  const element = create(name);
  if (name === "span") Object.setPrototypeOf(element, StyleSpan.prototype);
  return element;
}

// Stands where a `<style>` would. Its text goes to a constructed sheet, which goes when the element is removed.
function styleElement() {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  const element = create("i");
  element.hidden = true;
  Object.defineProperty(element, "textContent", { set: (text) => sheet.replaceSync(text) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    HTMLElement.prototype.remove.call(element);
  };
  return element;
}

const standIn = new Proxy(document, {
  get(target, key) {
    if (key === "createElement") return createElement;
    const value = Reflect.get(target, key);
    return typeof value === "function" ? value.bind(target) : value;
  },
});

/** What xterm.js takes for the document. */
export function standInDocument() {
  return standIn;
}

/** Opens a terminal. A part of xterm.js asks the document itself for elements while it does. */
export function openTerminal(terminal, frame) {
  document.createElement = createElement;
  try {
    terminal.open(frame);
  } finally {
    delete document.createElement;
  }
}
