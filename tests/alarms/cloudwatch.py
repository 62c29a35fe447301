"""Plays recorded series to an alarm, as CloudWatch documents its evaluation.

A recording has for each minute the samples that were put, or None if none was. A period's data point is a statistic over
its samples; without samples it has none. At the end of each period CloudWatch looks at more data points than the alarm
evaluates. If enough of them exist, it takes the newest that exist; only otherwise are missing ones treated as
`TreatMissingData` says. An alarm notifies when its state changes, not while it lasts.

Assumed, because AWS does not document it: two more data points are looked at than are evaluated, and FILL also fills a
metric that has no data point at all. A recording begins when the alarm is created, for an alarm with a warm-up.
"""

import operator

import expression

MORE_POINTS = 2
COMPARED = {"GreaterThanThreshold": operator.gt, "LessThanThreshold": operator.lt,
            "GreaterThanOrEqualToThreshold": operator.ge, "LessThanOrEqualToThreshold": operator.le}
OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"


def states(alarm, recording, minutes):
    """The state at the end of each period. `recording` has for each metric a function from a minute to its samples."""
    period, points = _points(alarm, recording, minutes)
    evaluated = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm", evaluated)
    result, state = [], UNKNOWN
    for now in range(1, len(points) + 1):
        if now * period // 60 <= _warm_up(alarm):
            result.append((now * period // 60, UNKNOWN))
            continue
        # Before the recording there was nothing.
        looked_at = ([None] * (evaluated + MORE_POINTS) + points[:now])[-evaluated - MORE_POINTS:]
        state = _state(state, looked_at, evaluated, needed, alarm.get("TreatMissingData", "missing"))
        result.append((now * period // 60, state))
    return result


def rings(alarm, recording, minutes):
    """The minutes at which the alarm notifies that it rings."""
    before, found = UNKNOWN, []
    for minute, state in states(alarm, recording, minutes):
        if state == ALARM and before != ALARM:
            found.append(minute)
        before = state
    return found


def _warm_up(alarm):
    """For how many minutes after its creation the alarm evaluates nothing."""
    return alarm.get("WarmUpConfiguration", {}).get("WarmUpPeriodDurationInMinutes", 0)


def _state(state, looked_at, evaluated, needed, missing):
    existing = [point for point in looked_at if point is not None]
    if len(existing) >= evaluated:
        breaching = existing[-evaluated:]
    elif not existing and missing == "missing":
        return UNKNOWN
    elif missing == "ignore":
        return state
    else:
        treated = {"breaching": True, "notBreaching": False, "missing": False}[missing]
        newest = looked_at[-evaluated:]
        # The data points that exist count before those that are made up.
        made_up = [treated] * (evaluated - len(existing))
        breaching = existing + made_up if existing else [treated] * len(newest)
    return ALARM if sum(breaching) >= needed else OK


def _points(alarm, recording, minutes):
    """The period in seconds, and for each period whether its data point breaches, or None if there is none."""
    queries = alarm.get("Metrics") or [{"Id": "only", "MetricStat": _own(alarm)}]
    stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
    period = next(iter(stats.values()))["Period"]
    result = next((query["Expression"] for query in queries if "Expression" in query), "only")
    points = []
    for start in range(0, minutes, period // 60):
        span = range(start, start + period // 60)
        values = {name: _statistic(stat, recording, span) for name, stat in stats.items()}
        points.append(_breaches(alarm, result, values, recording, start))
    return period, points


def _breaches(alarm, result, values, recording, minute):
    if "ThresholdMetricId" in alarm:  # A band, which a model of CloudWatch learns; here it is recorded.
        seen, (low, high) = values["seen"], recording["band"](minute)
        return None if seen is None else not low <= seen <= high
    point = expression.value(result, values)
    return None if point is None else bool(COMPARED[alarm["ComparisonOperator"]](point, alarm["Threshold"]))


def _own(alarm):
    metric = {"Namespace": alarm["Namespace"], "MetricName": alarm["MetricName"]}
    return {"Metric": metric, "Stat": alarm.get("Statistic") or alarm["ExtendedStatistic"], "Period": alarm["Period"]}


def _statistic(stat, recording, span):
    recorded = recording.get(stat["Metric"]["MetricName"], lambda minute: None)
    samples = sorted(sample for minute in span for sample in recorded(minute) or [])
    if not samples:
        return None
    name = stat["Stat"]
    if name.startswith("p"):
        return samples[min(len(samples) - 1, int(len(samples) * float(name[1:]) / 100))]
    return float({"Sum": sum, "Maximum": max, "Minimum": min, "SampleCount": len}[name](samples))
