"""The pages of the site about events and guides: plain HTML, readable without scripts. Made from infra/asyncapi.json,
infra/schemas and infra/site.
"""

import json
import re
from html import escape

import markdown
import planning
from project import ROOT

ASYNCAPI = ROOT / "infra" / "asyncapi.json"
SCHEMAS = ROOT / "infra" / "schemas"
SITE = ROOT / "infra" / "site"
PICTURE = "The aggregates, the event table, topic and bus, and what reads them"
# The guides, in the order in which a newcomer needs them. Each is a file in infra/site/guides.
GUIDES = {
    "start": "Start",
    "model-an-aggregate": "Model an aggregate",
    "add-a-view": "Add a view",
    "subscribe": "Subscribe",
    "test": "Test",
    "operate": "Operate",
    "deploy": "Deploy",
    "platforms": "SQLite, PostgreSQL and Kafka",
    "scale": "Planning 10,000 orders a second",
}


def pages(with_api):
    """The content of each file, by its path in the site."""
    document = json.loads(ASYNCAPI.read_text())
    events = events_of(document)
    made = {
        "index.html": page("Event sourcing on AWS Lambda", home(with_api), ""),
        "style.css": (SITE / "style.css").read_bytes(),
        "asyncapi.json": ASYNCAPI.read_bytes(),
        "architecture.svg": (SITE / "architecture.svg").read_bytes(),
        "reference.html": page("Reference", markdown.html((ROOT / "REFERENCE.md").read_text()), ""),
        "guides/sessions.html": page("A session of each command",
                                     markdown.html((ROOT / "infra" / "sessions.md").read_text()), "../"),
        "events/index.html": page("Events", events_index(document, events), "../"),
        "guides/index.html": page("Guides", guides_index(), "../"),
    }
    for name, versions in events.items():
        made[f"events/{name}.html"] = page(name, event_page(name, versions, events), "../")
    for name, title in GUIDES.items():
        text = (SITE / "guides" / f"{name}.html").read_text()
        body = f"<h1>{title}</h1>\n" + (planning.fill(text) if name == "scale" else text)
        made[f"guides/{name}.html"] = page(title, body, "../")
    for picture in sorted((SITE / "pictures").glob("*.png")):
        made[f"pictures/{picture.name}"] = picture.read_bytes()
    for schema in sorted(SCHEMAS.glob("*.json")):
        made[f"schemas/{schema.name}"] = schema.read_bytes()
    return {name: text if isinstance(text, bytes) else text.encode() for name, text in made.items()}


def events_of(document):
    """The messages of each event, oldest version first."""
    events = {}
    for key, message in document["components"]["messages"].items():
        version = int(key.rsplit(".v", 1)[1])
        schema = json.loads((SCHEMAS / f"{key}.json").read_text())
        events.setdefault(message["name"], []).append({"version": version, "message": message, "schema": schema})
    return {name: sorted(versions, key=lambda it: it["version"]) for name, versions in sorted(events.items())}


def page(title, body, root):
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – Dekigoto</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}style.css">
</head>
<body>
<nav><a href="{root}index.html">Dekigoto</a> <a href="{root}http.html">HTTP API</a> <a href="{root}events/index.html">Events</a> <a href="{root}guides/index.html">Guides</a> <a href="{root}reference.html">Reference</a></nav>
<main>
{body}
</main>
</body>
</html>
"""


def home(with_api):
    """The first page: what README.md says before its first heading, and where to go from here."""
    introduction = (ROOT / "README.md").read_text().split("\n## ")[0]
    text = re.sub(r"^!\[.*$|\[日本語\]\(README\.ja\.md\)", "", introduction, flags=re.M)
    api = '<li><a href="api/index.html">API of the kit</a>: the documentation of its crates</li>\n' if with_api else ""
    return f"""{markdown.html(text)}
<p><img src="architecture.svg" alt="{PICTURE}"></p>
<ul>
<li><a href="guides/index.html">Guides</a>: start, model, subscribe, test, operate, deploy</li>
<li><a href="http.html">HTTP API</a>: every request and its answers</li>
<li><a href="events/index.html">Events</a>: what other services are told</li>
{api}<li><a href="reference.html">Reference</a>: guarantees and their tests, costs, limits, patterns</li>
</ul>
<p><a href="guides/operate.html"><img src="pictures/console-pipeline-1280-light.png" alt="The console: the pipeline with what waits at each hop"></a></p>"""


def events_index(document, events):
    rows = {"topic": [], "bus": []}
    for name, versions in events.items():
        newest = versions[-1]["message"]
        row = f'<tr><td><a href="{name}.html">{name}</a></td><td>{prose(newest["summary"])}</td></tr>'
        rows["topic" if is_domain(newest) else "bus"].append(row)
    table = lambda rows: "<table>\n<tr><th>event</th><th>when</th></tr>\n" + "\n".join(rows) + "\n</table>"
    channels = document["channels"]
    return f"""<h1>Events</h1>
<p>{prose(document["info"]["description"])}</p>
<p>The same for tools: <a href="../asyncapi.json">asyncapi.json</a>. How to get them: <a href="../guides/subscribe.html">Subscribe</a>.</p>
<h2>On the topic: domain events</h2>
<p>{prose(channels["domainEvents"]["description"])}</p>
{table(rows["topic"])}
<h2>On the bus: integration events</h2>
<p>{prose(channels["integrationEvents"]["description"])}</p>
{table(rows["bus"])}"""


def is_domain(message):
    return "x-aggregate" in message


def event_page(name, versions, events):
    newest = versions[-1]["message"]
    parts = [f"<h1>{name}</h1>", f"<p>{prose(newest['summary'])}</p>", sender(name, newest, events), filtering(name, newest)]
    for it in reversed(versions):
        age = "" if it is versions[-1] else " (no longer written; stored events of it are still published)"
        key = f"{name}.v{it['version']}"
        parts += [
            f"<h2>Version {it['version']}{age}</h2>",
            fields(it["schema"]),
            f'<p>JSON Schema: <a href="../schemas/{key}.json">{key}.json</a></p>',
            f"<pre>{escape(json.dumps(it['message']['examples'][0]['payload'], indent=2, ensure_ascii=False))}</pre>",
        ]
    return "\n".join(parts)


def sender(name, message, events):
    if is_domain(message):
        told = [other for other, versions in events.items() if name in versions[-1]["message"].get("x-announces", [])]
        links = ", ".join(f'<a href="{other}.html">{other}</a>' for other in told)
        announced = f" Other services are told {links}." if links else " It is not announced on the bus."
        return f"<p>Sent by the aggregate {message['x-aggregate']}, on the topic.{announced}</p>"
    links = ", ".join(f'<a href="{other}.html">{other}</a>' for other in message["x-announces"])
    kind = message["payload"]["properties"]["type"]["const"]
    return f"<p>Sent on the bus when {links} happened. Its CloudEvents type is <code>{kind}</code>.</p>"


def filtering(name, message):
    if is_domain(message):
        policy = {"eventType": [name]}
        return f"<p>Filter policy of a subscription: <code>{escape(json.dumps(policy))}</code></p>"
    pattern = {"source": [message["payload"]["properties"]["source"]["const"]], "detail-type": [name]}
    return f"<p>Pattern of a rule: <code>{escape(json.dumps(pattern))}</code></p>"


def fields(schema):
    rows = "\n".join(rows_of(schema, ""))
    return f"<table>\n<tr><th>field</th><th>type</th><th>meaning</th></tr>\n{rows}\n</table>"


def rows_of(schema, prefix):
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        kind = field["type"] + ("" if name in required else ", may be absent")
        yield f"<tr><td><code>{prefix}{name}</code></td><td>{kind}</td><td>{prose(field['description'])}</td></tr>"
        if field["type"] == "array":
            yield from rows_of(field["items"], f"{prefix}{name}[].")
        elif field["type"] == "object":
            yield from rows_of(field, f"{prefix}{name}.")


def guides_index():
    items = "\n".join(f'<li><a href="{name}.html">{title}</a></li>' for name, title in GUIDES.items())
    picture = f'<img src="../architecture.svg" alt="{PICTURE}">'
    return f"<h1>Guides</h1>\n<ol>\n{items}\n</ol>\n<h2>The whole, in one picture</h2>\n<p>{picture}</p>"


def prose(text):
    """Text with `code` and **strong** marks as HTML."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
