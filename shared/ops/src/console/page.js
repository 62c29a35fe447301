"use strict";
// Everything on this page is the result of a command. No text is ever parsed as HTML.
const meta = (name) => document.querySelector(`meta[name="${name}"]`).content;
const main = document.querySelector("main");
const quoted = (word) => (/^[\w@.:#,/=-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`);
const written = (words) => ["dekigoto", ...words].map(quoted).join(" ");

/** An element with attributes, listeners (`onclick`) and children. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((it) => it !== null && it !== undefined && it !== false));
  return element;
}

/** Runs a command. `line` gets its lines as they come. Resolves with its result, rejects with its failure. */
async function run(words, { line = () => {}, signal } = {}) {
  const answer = await fetch("/console/run", {
    method: "POST", signal,
    headers: { "content-type": "application/json", "dekigoto-console": meta("token") },
    body: JSON.stringify({ words }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const lines = text.split("\n");
    text = lines.pop();
    for (const it of lines.map((one) => JSON.parse(one))) {
      if (it.failed) throw new Error(it.failed.text);
      if (it.done) return it.done;
      line(it.line);
    }
    if (done) throw new Error("the process ended: start it again and reload this page");
  }
}

/** Runs a command for a tab, and shows which. */
async function look(words, options) {
  document.getElementById("command").textContent = written(words);
  return (await run(words, options)).json;
}

const table = (head, rows) => h("div", { class: "scroll" }, h("table", {},
  h("thead", {}, h("tr", {}, head.map((it) => h("th", { scope: "col" }, it)))), h("tbody", {}, rows)));
const row = (...cells) => h("tr", {}, cells.map((it) => (it instanceof Node && it.tagName === "TD" ? it : h("td", {}, it))));
const number = (it) => h("td", { class: "number" }, it === null || it === undefined ? "-" : String(it));
const time = (text) => h("span", { class: "mono when" }, (text ?? "").replace("T", " ").replace("Z", ""));
const pretty = (value) => h("pre", {}, JSON.stringify(value, null, 2));
const trouble = (error) => h("p", { class: "bad", role: "alert" }, error.message);
function age(seconds) {
  if (seconds === null || seconds === undefined) return "-";
  const units = [["d", 86400], ["h", 3600], ["m", 60]];
  const [unit, size] = units.find(([, it]) => seconds >= it) ?? ["s", 1];
  return `${Math.round(seconds / size)} ${unit}`;
}

/** Asks before a change: shows what the command would do, then does it with a reason. */
function act(title, words, after = () => {}) {
  const dialog = document.querySelector("dialog");
  const part = (id) => document.getElementById(id);
  const [plan, button, why] = [part("action-plan"), part("do"), part("why")];
  part("action-title").textContent = title;
  part("action-command").textContent = written(words);
  why.value = "";
  button.disabled = true;
  const fill = (text) => { plan.textContent = text; };
  const lines = (text) => { plan.textContent += `${text}\n`; };
  fill("");
  run(words, { line: lines }).then((done) => {
    fill(done.text);
    why.oninput = () => { button.disabled = why.value.trim() === ""; };
  }, (error) => fill(error.message));
  button.onclick = async () => {
    button.disabled = true;
    const agreed = [...words, "--yes", "--why", why.value.trim()];
    part("action-command").textContent = written(agreed);
    fill("");
    try { fill((await run(agreed, { line: lines })).text); } catch (error) { fill(error.message); }
    after();
  };
  dialog.showModal();
  why.focus();
}

/** Shows the story of one aggregate. */
function follow(id) {
  open("stream", id);
}

{tabs}
const order = Object.keys(tabs);
let leave = () => {};
function open(name, argument = "") {
  leave();
  const gone = new AbortController();
  leave = () => gone.abort();
  const place = argument ? `#${name}=${encodeURIComponent(argument)}` : `#${name}`;
  if (location.hash !== place) history.pushState(null, "", place);
  for (const button of document.querySelectorAll("nav button")) {
    const is = button.dataset.tab === name;
    button.setAttribute("aria-selected", String(is));
    button.tabIndex = is ? 0 : -1;
  }
  const panel = h("section", { role: "tabpanel", "aria-label": tabs[name].title });
  main.replaceChildren(panel);
  Promise.resolve(tabs[name].show(panel, gone.signal, argument)).catch((error) => {
    if (error.name !== "AbortError") panel.append(trouble(error));
  });
}
function fromAddress() {
  const [name, argument = ""] = location.hash.slice(1).split("=");
  open(tabs[name] ? name : "pipeline", decodeURIComponent(argument));
}
for (const [name, { title }] of Object.entries(tabs)) {
  document.querySelector("nav").append(h("button", {
    role: "tab", "data-tab": name, onclick: () => open(name),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = order[(order.indexOf(name) + step + order.length) % order.length];
      open(next);
      document.querySelector(`nav [data-tab="${next}"]`).focus();
    },
  }, title));
}
addEventListener("popstate", fromAddress);
fromAddress();
