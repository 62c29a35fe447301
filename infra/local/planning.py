"""The figures of the guide "Planning 10,000 orders a second". Each follows from a named input: what one order uses, as the tests
measure it (REFERENCE.md), the prices of `dekigoto cost`, the template, the code, or a quota of AWS.

The guide is infra/site/guides/scale.html. Its words in braces are names of figures. A name without a figure, a figure that
no longer follows, or first changes that are not the first any more stop `make site`.
"""

import json
import re
from math import ceil, log2

from project import ROOT, Failure

RATE = 10_000
MONTH_SECONDS = 30 * 24 * 3600

# Quotas of AWS, in us-east-1, without an increase, and rules that no increase changes. The guide links to their pages.
WRITES_PER_PARTITION = 1_000
WRITES_AT_FIRST = 4_000
WRITES_PER_TABLE = 40_000
DOUBLING_MINUTES = 30
API_REQUESTS = 10_000
TOPIC_MESSAGES = 30_000
BUS_CALLS = 10_000
EXECUTIONS = 1_000
MEMORY_OF_ONE_CPU = 1_769
ENTRIES_PER_CALL = 10

# What no test can measure here: how long a call to AWS takes, in milliseconds.
CALL_MS = 5

# Messages of one order on the topic and on the bus. `check` compares them with REFERENCE.md.
TOPIC, BUS = 10, 5


def fill(page):
    """The guide with its figures."""
    figures = all_figures()
    missing = sorted(set(re.findall(r"\{(\w+)\}", page)) ^ set(figures))
    if missing:
        raise Failure(f"infra/site/guides/scale.html and {__file__} do not name the same figures: {missing}", "name them in both")
    return re.sub(r"\{(\w+)\}", lambda it: figures[it[1]], page)


def all_figures():
    order, full, prices, calls = order_of_reference('alone'), order_of_reference('full batches'), json.loads((ROOT / "shared/ops/src/prices.json").read_text()), invocations()
    memory, parameters = parameter("FunctionMemory"), parameter
    times = durations(memory)
    consumers = {name: count for name, count in calls.items() if name not in ("api", "publisher")}
    ceilings = ceilings_of(order, calls, times)
    first_three_are([change for _, _, change in ceilings])
    busy = busy_seconds(calls, times)
    parts = shares(order, full, prices)
    check(order, full, parts, calls, consumers)
    million, million_full = order["$ a million"], full["$ a million"]
    commits, view_writes = calls["publisher"], order["write units"] - calls["publisher"]
    orders = RATE * MONTH_SECONDS / 1e6
    return {
        "rate": f"{RATE:,}",
        "requests": f"{order['API requests']:.0f}",
        "commits": f"{commits:.0f}",
        "view_writes": f"{view_writes:.0f}",
        "reads": f"{order['read units']:.0f}",
        "topic": str(TOPIC),
        "bus": str(BUS),
        "queues": f"{sum(consumers.values()):.0f}",
        "call_ms": str(CALL_MS),
        "memory": str(memory),
        "place_ms": f"{times['place']:.0f}",
        "api_ms": f"{times['api']:.0f}",
        "summary_ms": f"{times['order-summary']:.0f}",
        "needs": table(["what", f"at {RATE:,} orders a second", "by default"], needs_of(order, calls, busy)),
        "ceilings": table(["what stops there", "orders a second", "what to change"],
                          [(what, f"{rate:,.0f}", change) for what, rate, change in ceilings]),
        "busy": f"{ceil(sum(busy.values()) * RATE):,}",
        "api_busy": f"{ceil(busy['api'] * RATE):,}",
        "doublings": str(ceil(log2(RATE * view_writes / WRITES_AT_FIRST))),
        "doubling_hours": f"{ceil(log2(RATE * view_writes / WRITES_AT_FIRST)) * DOUBLING_MINUTES / 60:g}",
        "parts_of_day": str(parts_of_day()),
        "parts_needed": str(power_of_two(RATE / WRITES_PER_PARTITION)),
        "throttle": f"{parameters('ThrottlingRateLimit'):,}",
        "million": f"{million:.1f}",
        "million_full": f"{million_full:.1f}",
        "orders_a_month": f"{orders / 1e3:,.1f}",
        "month": f"{million * orders / 1e6:.2f}",
        "month_full": f"{million_full * orders / 1e6:.2f}",
        "mean_month": f"{million_full * orders / 10 / 1e3:,.0f}",
        "shares": table(["part", "$ a million orders, alone", "with full batches"], parts),
    }


def order_of_reference(batches):
    return row_of((ROOT / "REFERENCE.md").read_text(), "order-cost", "ours, with the fulfilment process", batches)


def row_of(text, marker, *first):
    """The row of a generated table that begins with these cells, by the titles of its columns."""
    body = text.split(f"<!-- {marker}:begin -->\n")[1].split(f"<!-- {marker}:end -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.strip().splitlines()]
    found = [row for row in rows if tuple(row[:len(first)]) == first]
    if len(found) != 1:
        raise Failure(f"the table {marker} has no row {first!r}", f"mend {__file__}, which plans with it")
    return {title: float(cell) for title, cell in zip(rows[0][1:], found[0][1:]) if re.fullmatch(r"[\d.]+", cell)}


def invocations():
    """How often one order invokes each function, with one record a batch."""
    body = (ROOT / "REFERENCE.md").read_text().split("<!-- order-invocations:begin -->\n")[1].split("<!-- order-invo")[0]
    return {name: float(count) for name, count in re.findall(r"^\| `([\w-]+)` \| (\d+) \|$", body, re.M)}


def durations(memory):
    """Milliseconds of one invocation: its round trips, and its processor time on the share of a processor that it has."""
    text = (ROOT / "REFERENCE.md").read_text()

    def of(case):
        row = row_of(text, "lambda-bench", case)
        return time_of(row["round trips"], row["CPU, µs"])

    def time_of(trips, cpu):
        return trips * CALL_MS + cpu / 1000 / (memory / MEMORY_OF_ONE_CPU)

    place, other = of("place an order"), of("cancel an order of 1 commits")
    policy = row_of(text, "lambda-bench", "fulfilment: start the process of an order")
    return {
        "place": place,
        # Place, pay, ship and deliver.
        "api": place + of("pay an order") + 2 * other,
        "publisher": of("publish 100 commits"),
        "order-summary": of("order-summary: 99 messages of 99 orders"),
        "customer-summary": of("customer-summary: 99 messages of a customer"),
        "daily-sales": of("daily-sales: 99 messages of one day"),
        # A batch of ten: its processes wait for AWS at the same time.
        "fulfilment-policy": time_of(policy["round trips"], policy["CPU, µs"] * 10),
    }


def busy_seconds(calls, times):
    """Seconds that the functions run for one order, in full batches."""
    busy = {"api": times["api"] / 1000, "publisher": calls["publisher"] * times["publisher"] / 1000 / 100}
    for name, count in calls.items():
        if name in ("api", "publisher"):
            continue
        # The view of the processes is one of one aggregate, as order-summary is.
        busy[name] = count * times.get(name, times["order-summary"]) / 1000 / batch_of(name)
    return busy


def ceilings_of(order, calls, times):
    """How many orders a second each part takes by default, the smallest first."""
    commits, requests = calls["publisher"], order["API requests"]
    view_writes = order["write units"] - commits
    concurrency = mapping("${View}Mapping", "MaximumConcurrency")
    busy = busy_seconds(calls, times)
    found = [
        ("requests that API Gateway lets through", parameter("ThrottlingRateLimit") / requests,
         "the parameters <code>ThrottlingRateLimit</code> and <code>ThrottlingBurstLimit</code>"),
        ("requests at the same time", parameter("ApiReservedConcurrency") / busy["api"],
         "the parameter <code>ApiReservedConcurrency</code>"),
        ("a new view table, with its indexes", WRITES_AT_FIRST / view_writes, "<code>WarmThroughput</code> of <code>ViewTable</code>"),
        ("a new event table", WRITES_AT_FIRST / commits, "<code>WarmThroughput</code> of <code>EventTable</code>"),
        ("write units of one table: the views", WRITES_PER_TABLE / view_writes, "the quota of DynamoDB"),
        ("write units of one table: the events", WRITES_PER_TABLE / commits, "the quota of DynamoDB"),
        ("requests of all APIs of the account", API_REQUESTS / requests, "the quota of API Gateway"),
        ("the orders of one day in the index of days", parts_of_day() * WRITES_PER_PARTITION,
         "<code>PARTS_OF_DAY</code> in <code>shared/service/src/views/order_summary.rs</code>"),
        ("messages on the topic", TOPIC_MESSAGES / TOPIC, "the quota of SNS"),
        ("calls to the bus", BUS_CALLS * ENTRIES_PER_CALL / BUS, "the quota of EventBridge"),
        ("executions of the account", EXECUTIONS / sum(busy.values()), "the quota of Lambda"),
    ]
    for name in ("order-summary", "fulfilment", "customer-summary", "daily-sales"):
        found.append((f"the queue of <code>{name}</code>", concurrency / busy[name],
                      "<code>MaximumConcurrency</code> of the views in <code>template.yaml</code>"))
    policies = mapping("${Policy}PolicyMapping", "MaximumConcurrency")
    found.append(("the queue of the fulfilment policy", policies / busy["fulfilment-policy"],
                  "<code>MaximumConcurrency</code> of the policies in <code>template.yaml</code>"))
    return sorted(found, key=lambda it: it[1])


# What the guide says to change first.
FIRST_THREE = {"ThrottlingRateLimit", "WarmThroughput", "MaximumConcurrency"}


def first_three_are(changes):
    """Fails if other parts stop first than those that the guide says to change first."""
    found = []
    for change in changes:
        name = re.search(r"<code>(\w+)", change)
        if name and name[1] not in found:
            found.append(name[1])
    if set(found[:3]) != FIRST_THREE:
        raise Failure(f"first of all, {found[:3]} stop more orders", "write the end of infra/site/guides/scale.html anew, and FIRST_THREE")


def needs_of(order, calls, busy):
    commits = calls["publisher"]
    view_writes = order["write units"] - commits
    shards = RATE * commits / WRITES_PER_PARTITION
    return [
        ("requests a second to API Gateway", f"{RATE * order['API requests']:,.0f}", f"{API_REQUESTS:,} for the account"),
        ("write units a second of the event table", f"{RATE * commits:,.0f}", f"{WRITES_PER_TABLE:,} for a table"),
        ("its partitions, and so the shards of its stream, at least", f"{shards:,.0f}", f"{WRITES_AT_FIRST // WRITES_PER_PARTITION}"),
        ("write units a second of the view table and its indexes", f"{RATE * view_writes:,.0f}", f"{WRITES_PER_TABLE:,} for a table or an index"),
        ("read units a second of both tables", f"{RATE * order['read units']:,.0f}", "40,000 for a table"),
        ("messages a second on the topic", f"{RATE * TOPIC:,}", f"{TOPIC_MESSAGES:,}"),
        ("events a second on the bus, ten a call", f"{RATE * BUS:,}: {RATE * BUS / ENTRIES_PER_CALL:,.0f} calls", f"{BUS_CALLS:,} calls"),
        ("publishers that run at the same time", f"{ceil(RATE * busy['publisher']):,}", "as many as the stream has shards, times <code>StreamParallelization</code>"),
        ("executions of all functions", f"{ceil(RATE * sum(busy.values())):,}", f"{EXECUTIONS:,} for the account"),
    ]


def shares(order, full, prices):
    """What an order costs, part by part, alone and with full batches."""
    def cost(it):
        return [
            ("write units", it["write units"] * prices["millionWriteUnits"]),
            ("read units", it["read units"] * prices["millionReadUnits"]),
            ("invocations", it["invocations"] * prices["millionInvocations"]),
            ("requests of the topic", it["requests of the topic"] * prices["millionTopicMessages"]),
            ("events of the bus", BUS * prices["millionBusEvents"]),
            ("requests of the queues", it["requests of queues"] * prices["millionQueueRequests"]),
            ("requests of the API", it["API requests"] * prices["millionApiRequests"]),
            ("logs", it["log bytes"] * 1e6 / 2**30 * prices["gigabyteOfLogs"]),
        ]

    return [(name, f"{one:.1f}", f"{many:.1f}") for (name, one), (_, many) in zip(cost(order), cost(full))]


def batch_of(name):
    return 10 if name.endswith("-policy") else 99


def check(order, full, parts, calls, consumers):
    """Fails if the parts of this guide do not add up to what REFERENCE.md says of an order."""
    messages = TOPIC + BUS + sum(consumers.values())
    sums = [sum(float(part[column]) for part in parts) for column in (1, 2)]
    fits = all(abs(one - it["$ a million"]) <= 0.5 for one, it in zip(sums, (order, full)))
    if not fits or messages != order["messages"] or sum(calls.values()) != order["invocations"]:
        raise Failure(f"an order costs {sums} by its parts, and has {messages} messages; REFERENCE.md says {order}",
                      f"look at TOPIC and BUS in {__file__}")


def parameter(name):
    """The default of a number in the template."""
    found = re.search(rf"^  {name}:\n(?:    .*\n)*?    Default: (\d+)", (ROOT / "template.yaml").read_text(), re.M)
    return int(found[1])


def mapping(block, name):
    """A number of an event source mapping of the template."""
    text = (ROOT / "template.yaml").read_text().split(f"      {block}:\n")[1]
    return int(re.search(rf"\b{name}: (\d+)", text)[1])


def parts_of_day():
    source = (ROOT / "shared/service/src/views/order_summary.rs").read_text()
    return int(re.search(r"const PARTS_OF_DAY: u32 = (\d+);", source)[1])


def power_of_two(least):
    return 2 ** ceil(log2(least))


def table(titles, rows):
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"
