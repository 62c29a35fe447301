const pause = (time, signal) => new Promise((done) => {
  const timer = setTimeout(done, time);
  signal.addEventListener("abort", () => { clearTimeout(timer); done(); });
});

/** Shows the result of a command again and again until the tab is left. */
async function watch(panel, signal, words, show, every = 3000) {
  const body = h("div");
  panel.append(body);
  while (!signal.aborted) {
    try {
      const json = await look(words, { signal });
      if (!signal.aborted) body.replaceChildren(...[show(json)].flat());
    } catch (error) {
      if (error.name === "AbortError") return;
      body.replaceChildren(trouble(error));
    }
    await pause(every, signal);
  }
}

function hop(it, again) {
  const isOff = it.delivery.includes("nothing is delivered");
  const isBad = it.dead > 0 || !["on", ""].includes(it.delivery);
  const facts = [["waiting", it.waiting ?? "-"], ["in flight", it.inFlight ?? "-"], ["oldest", age(it.oldestSeconds)],
    ["dead letters", it.dead], ["delivery", isOff ? "off" : it.delivery]];
  const [word, title] = isOff ? ["resume", "Resume"] : ["pause", "Pause"];
  return h("article", { class: isBad ? "hop bad" : "hop" }, h("h3", {}, it.name),
    h("dl", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    h("button", { onclick: () => act(`${title} ${it.name}`, [word, it.name], again), "aria-label": `${title} ${it.name}` }, title));
}

/** The lines of a state, those that differ from the earlier state marked. */
function difference(before, now) {
  const old = new Set(JSON.stringify(before ?? null, null, 2).split("\n").map((it) => it.replace(/,$/, "")));
  const lines = JSON.stringify(now, null, 2).split("\n");
  return h("pre", { id: "state" }, lines.map((line) =>
    (old.has(line.replace(/,$/, "")) ? `${line}\n` : h("span", { class: "changed" }, line))));
}

async function stream(panel, signal, wanted) {
  let payloads = false;
  const input = h("input", { value: wanted, "aria-label": "An id, or Type#id", placeholder: "an id, or Type#id" });
  const body = h("div");
  const form = h("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); open("stream", input.value.trim()); } },
    input, h("button", {}, "Follow"),
    h("label", {}, h("input", { type: "checkbox", onchange: (event) => { payloads = event.target.checked; load(); } }), " payloads"));
  panel.append(form, body);
  const more = () => (payloads ? ["--payloads"] : []);
  const id = wanted.includes("#") ? wanted.slice(wanted.indexOf("#") + 1) : wanted;
  async function load() {
    if (!wanted) return;
    try {
      const story = await look(["trace", id], { signal });
      const streams = [...new Set(story.events.map((it) => it.stream))];
      const histories = [];
      for (const name of wanted.includes("#") ? [wanted] : streams) {
        histories.push(await timeline(name, await look(["show", name, ...more()], { signal })));
      }
      const events = story.events.map((it) => row(time(it.at), it.stream.split("#")[0], number(it.version), it.event,
        h("td", { class: "mono wide" }, it.correlationId), inViews(it.views)));
      const cut = story.cut.map((it) => h("p", { class: "bad" }, `${it} goes on: this is its beginning`));
      body.replaceChildren(h("h2", {}, "Story"), ...cut, table(["when", "stream", "version", "event", h("span", { class: "wide" }, "correlation"), "views"], events),
        ...histories, await viewRows(id));
    } catch (error) {
      if (error.name !== "AbortError") body.replaceChildren(trouble(error));
    }
  }
  async function viewRows(it) {
    const { rows } = await look(["rows", it, ...more()], { signal });
    return h("section", {}, h("h2", {}, "Rows of views"), rows.map((one) => h("details", {},
      h("summary", {}, h("strong", {}, one.view), ` ${one.partition} ${one.sort} · revision ${one.revision}`,
        one.watermarks ? ` · watermarks ${JSON.stringify(one.watermarks)}` : ""), pretty(one.row))));
  }
  async function timeline(name, history) {
    const shown = h("div");
    const slider = h("input", { type: "range", min: 1, max: history.version, value: history.version, "aria-label": `Version of ${name}` });
    const label = h("output", {});
    async function at(version) {
      const state = async (it) => (it < 1 ? null : (await look(["show", name, "--at", String(it), ...more()], { signal })).state);
      const [before, now] = [await state(version - 1), await state(version)];
      const event = history.events.find((it) => it.version === version);
      label.textContent = `version ${version} of ${history.version}`;
      shown.replaceChildren(h("div", { class: "split" },
        h("div", {}, h("p", {}, h("strong", {}, event?.event ?? `version ${version}`), " ", time(event?.at)), pretty(event?.payload ?? null)),
        h("div", {}, h("p", {}, "the state after it"), difference(before, now))));
    }
    slider.addEventListener("input", () => at(Number(slider.value)).catch(() => {}));
    await at(history.version);
    return h("section", {}, h("h2", {}, name), h("div", { class: "bar" }, slider, label), shown);
  }
  await load();
}

function inViews(held) {
  const late = Object.entries(held).filter(([, has]) => !has).map(([name]) => name);
  if (late.length > 0) return h("span", { class: "bad" }, `not yet in ${late.join(", ")}`);
  return h("span", { class: "good" }, Object.keys(held).length > 0 ? Object.keys(held).join(", ") : "no view wants it");
}

async function events(panel, signal) {
  const filter = h("input", { "aria-label": "Only events with this text", placeholder: "only events with this text" });
  const list = h("tbody");
  const apply = () => {
    for (const it of list.rows) it.hidden = !it.textContent.toLowerCase().includes(filter.value.toLowerCase());
  };
  filter.addEventListener("input", apply);
  panel.append(h("div", { class: "bar" }, filter, h("span", { class: "dim" }, "new events appear at the top")),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {},
      ["when", "event", "stream", "version", "caused by", "payload"].map((it) => h("th", { scope: "col" }, it)))), list)));
  const line = (text) => {
    const it = JSON.parse(text);
    list.prepend(row(time(it.at), it.event, h("button", { class: "link mono", onclick: () => follow(it.stream.split("#")[1]) }, it.stream),
      number(it.version), h("td", { class: "mono" }, it.causationId), h("td", { class: "mono" }, JSON.stringify(it.payload))));
    while (list.rows.length > 500) list.lastChild.remove();
    apply();
  };
  await look(["tail", "--recent", "--for", "6h"], { line: (text) => text.startsWith("{") && line(text), signal });
}

async function letters(panel, signal) {
  const filter = h("input", { "aria-label": "Only with this reason", placeholder: "only with this text in the reason" });
  const body = h("div");
  const words = () => (filter.value.trim() ? ["--reason", filter.value.trim()] : []);
  async function load() {
    try {
      const found = await look(["dlq", "list", ...words()], { signal });
      const each = await run(["dlq", "show", ...words()], { signal });
      const groups = found.groups.map((it) => row(it.queue, number(it.letters), age(it.oldestSeconds), age(it.lostInSeconds), it.reason, it.wayBack,
        h("div", { class: "bar" },
          h("button", { onclick: () => act("Send back", ["dlq", "redrive", "--queue", it.queue, "--reason", it.reason], load) }, "Redrive"),
          h("button", { onclick: () => act("Discard for good", ["dlq", "discard", "--queue", it.queue, "--reason", it.reason], load) }, "Discard"))));
      const singles = each.json.letters.map((it) => h("details", {}, h("summary", {}, `${it.queue}: ${it.about}`), h("p", { class: "bad" }, it.reason), pretty(it.body)));
      body.replaceChildren(...(found.letters === 0 ? [h("p", { class: "good" }, "No dead letters.")]
        : [table(["queue", "letters", "oldest", "lost in", "reason", "way back", ""], groups), h("h2", {}, "Each letter"), ...singles]));
    } catch (error) {
      if (error.name !== "AbortError") body.replaceChildren(trouble(error));
    }
  }
  panel.append(h("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); load(); } }, filter, h("button", {}, "Filter")), body);
  await load();
}

const tabs = {
  pipeline: { title: "Pipeline", show: (panel, signal) => watch(panel, signal, ["status"], (json) => [
    h("p", { class: json.needsAttention ? "bad" : "good", role: "status" }, json.needsAttention ? "Something needs attention." : "Events flow."),
    h("div", { class: "hops" }, json.hops.map((it) => hop(it))),
    json.alarms.length > 0 && h("p", { class: "bad" }, `Alarms: ${json.alarms.join(", ")}`),
  ].filter(Boolean)) },
  events: { title: "Events", show: events },
  stream: { title: "Stream", show: stream },
  views: { title: "Views", show: (panel, signal) => viewsTab(panel, signal) },
  letters: { title: "Dead letters", show: letters },
  deadlines: { title: "Deadlines", show: (panel, signal) => watch(panel, signal, ["deadlines"], (json) => (json.due.length === 0
    ? h("p", { class: "dim" }, `No process waits for a deadline within ${json.within}.`)
    : table(["due", "policy", "process"], json.due.map((it) => row(time(it.at), it.policy,
      h("button", { class: "link mono", onclick: () => follow(it.process) }, it.process)))))) },
  journal: { title: "Journal", show: (panel, signal) => watch(panel, signal, ["journal"], (json) => (json.changes.length === 0
    ? h("p", { class: "dim" }, "Nobody has changed anything this month.")
    : table(["when", "who", "what", "why", "outcome"], json.changes.map((it) => row(time(it.at), it.who, it.what, it.why, it.outcome))))) },
};

async function viewsTab(panel, signal) {
  const body = h("div");
  panel.append(body);
  async function load() {
    const found = await look(["generations"], { signal });
    body.replaceChildren(...found.views.map((it) => view(it, load)));
  }
  await load();
}

/** One view: its generations, and what can be done with them. */
function view({ view: name, generations, state }, again) {
  const out = h("pre", { hidden: true, "aria-live": "polite" });
  const verify = async () => {
    out.hidden = false;
    out.textContent = "";
    const line = (text) => { out.textContent += `${text}\n`; };
    const words = ["verify", name];
    document.getElementById("command").textContent = written(words);
    try { out.textContent = (await run(words, { line })).text; } catch (error) { out.textContent = error.message; }
  };
  const button = (title, onclick) => h("button", { onclick, "aria-label": `${title} ${name}` }, title);
  const change = (title, word) => button(title, () => act(`${title} ${name}`, [word, name], again));
  const kept = generations.beside?.state === "kept";
  return h("article", { class: "hop view" }, h("h3", {}, name),
    h("p", {}, `generation ${generations.live} is live`, generations.beside ? `; ${generations.beside.generation} is beside it` : ""),
    h("p", { class: "dim" }, state),
    h("div", { class: "bar" }, button("Verify", verify), !generations.beside && change("Rebuild", "rebuild"),
      generations.beside && !kept && change("Switch", "switch"), kept && change("Roll back", "rollback"),
      generations.beside && change("Drop", "drop")), out);
}
