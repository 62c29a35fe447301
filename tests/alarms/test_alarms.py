"""Each alarm of the template rings when it must, and only then. Run by `make template`."""

import copy
import re
import unittest

import cloudwatch
import expression
from recordings import BUSY, CASES, DAY, between, steady, sweeps
from template import ROOT, alarms, children, load

TEMPLATE = load()
ALARMS = alarms(TEMPLATE)
COMPOSITES = alarms(TEMPLATE, "CompositeAlarm")
RUNBOOK = (ROOT / "infra/runbook.md").read_text()


def case_of(name):
    """The case of an alarm: the one whose name ends like it, the longest first."""
    fitting = [ending for ending in CASES if name.endswith(ending)]
    return CASES[max(fitting, key=len)] if fitting else None


def rings(name, recording, minutes=60):
    return cloudwatch.rings(ALARMS[name], recording, minutes)


class EachAlarm(unittest.TestCase):
    def test_has_a_case(self):
        self.assertEqual([name for name in ALARMS if case_of(name) is None], [])
        idle = [ending for ending in CASES if not any(name.endswith(ending) for name in ALARMS)]
        self.assertEqual(idle, [], "a case without an alarm tests nothing")

    def test_rings_when_it_must(self):
        for name in ALARMS:
            minutes, recording, _ = case_of(name)
            with self.subTest(name):
                self.assertEqual(len(rings(name, recording, minutes)), 1)

    def test_is_silent_otherwise(self):
        for name in ALARMS:
            minutes, _, recording = case_of(name)
            with self.subTest(name):
                self.assertEqual(rings(name, recording, minutes), [])

    def test_tells_when_it_ends(self):
        parts = {child for composite in COMPOSITES.values() for child in children(composite)}
        for name, alarm in {**ALARMS, **COMPOSITES}.items():
            with self.subTest(name):
                self.assertEqual(alarm.get("OKActions"), alarm.get("AlarmActions"))
                self.assertEqual("AlarmActions" in alarm, name not in parts, "parts of a composite alarm are silent")

    def test_links_a_section_of_the_runbook(self):
        sections = {re.sub(r"\s", "-", heading.lower()) for heading in re.findall(r"^## (.+)$", RUNBOOK, re.M)}
        linked = set()
        for name, alarm in {**ALARMS, **COMPOSITES}.items():
            text = str(alarm["AlarmDescription"])
            if "DeadLetters" in text:
                text = TEMPLATE["Mappings"]["DeadLetters"]["Alarm"][name.removesuffix("DlqAlarm")]
            anchors = re.findall(r"see infra/runbook\.md#([a-z0-9-]+)", text)
            with self.subTest(name):
                self.assertEqual(len(anchors), 1, text)
                self.assertIn(anchors[0], sections)
            linked.update(anchors)
        self.assertEqual({it for it in sections if it not in linked and "drills" not in it}, set(), "no alarm names these")


class TwoSeverities(unittest.TestCase):
    PAGES = {"Http5xxAlarm", "HttpLatencyAlarm", "HistoryAlarm", "PublisherIteratorAgeCriticalAlarm",
             "PublisherDestinationAlarm", "UnmatchedEventsAlarm", "PipelineBrokenAlarm"}

    def test_pages_and_tickets_have_their_own_topics(self):
        for name, alarm in {**ALARMS, **COMPOSITES}.items():
            if "AlarmActions" in alarm:
                is_page = "PageTopicArn" in str(alarm["AlarmActions"])
                self.assertEqual(is_page, name in self.PAGES, name)


class TheCompositeAlarm(unittest.TestCase):
    def test_rings_with_each_way_to_lose_events(self):
        parts = children(COMPOSITES["PipelineBrokenAlarm"])
        for name in parts:
            self.assertIn(name, ALARMS)
        loops = [name for name in ALARMS if name.endswith(("LagAlarm", "PolicySilenceAlarm"))]
        loops += [name.replace("LagAlarm", "BehindAlarm") for name in loops if name.endswith("LagAlarm")]
        self.assertEqual([name for name in loops if name not in parts], [], "a view that it forgets")


class TheSweeper(unittest.TestCase):
    HOURS = 60

    def test_a_schedule_that_never_fires_rings_once_its_first_sweep_could_have_ended(self):
        self.assertEqual(rings("SweepSilenceAlarm", {}, 6 * DAY), [49 * self.HOURS])
        # Its evaluation needs data: the old kind, without a warm-up, rings in a new stack.
        cold = {name: value for name, value in ALARMS["SweepSilenceAlarm"].items() if name != "WarmUpConfiguration"}
        healthy = CASES["SweepSilenceAlarm"][2]
        self.assertNotEqual(cloudwatch.rings(cold, healthy, 2 * DAY), [])

    def test_a_sweep_that_stops_in_its_middle_rings(self):
        recording = {"SweptCommits": BUSY, "SweptSegments": sweeps(lambda day: day == 1)}
        found = rings("SweepSilenceAlarm", recording, 6 * DAY)
        self.assertEqual(len(found), 1)
        self.assertLessEqual(found[0] - DAY, 36 * self.HOURS, "in time for the sweep after it")

    def test_the_alarm_may_be_made(self):
        for name, alarm in ALARMS.items():
            period = min([alarm["Period"]] if "Period" in alarm else
                         [it["MetricStat"]["Period"] for it in alarm["Metrics"] if "MetricStat" in it])
            longest = 604_800 if period >= 3600 else 86_400
            self.assertLessEqual(period * alarm["EvaluationPeriods"], longest, name)
            warm_up = alarm.get("WarmUpConfiguration", {}).get("WarmUpPeriodDurationInMinutes", 1)
            self.assertTrue(1 <= warm_up <= 2880, name)


class FlawsOfTheOldAlarms(unittest.TestCase):
    def test_a_second_dead_letter_rings_again(self):
        recording = {"ApproximateNumberOfMessagesVisible": lambda minute: [0 if minute < 10 else 1 if minute < 40 else 2],
                     "Parked": lambda minute: [1] if minute in (10, 40) else None}
        self.assertEqual(len(rings("OrderSummaryDlqAlarm", recording)), 1, "the old alarm rings once")
        self.assertEqual(len(rings("OrderSummaryParkedAlarm", recording)), 2)

    def test_an_age_that_forgets_hides_no_failing_queue(self):
        # A message that is received every three minutes: SQS leaves it out of the age after its third receipt.
        recording = {"ApproximateAgeOfOldestMessage": lambda minute: [minute * 60 if minute < 4 else 0],
                     "ApproximateNumberOfMessagesVisible": steady(0), "ApproximateNumberOfMessagesNotVisible": steady(5),
                     "Retried": lambda minute: [5] if minute % 3 == 0 else None}
        old = {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Statistic": "Maximum", "Period": 60,
               "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 300,
               "TreatMissingData": "notBreaching"}
        self.assertEqual(cloudwatch.rings(old, recording, 60), [])
        self.assertEqual(len(rings("PublisherRetriesAlarm", recording)), 1)
        self.assertEqual(len(rings("DailySalesBehindAlarm", recording)), 1)

    def test_a_stopped_mapping_does_not_look_like_health(self):
        # The mapping stops at minute 20: it has no iterator age, no error and no batch any more.
        recording = {"IteratorAge": between(0, 20, [50]), "Errors": between(0, 20, [0]), "CommandAccepted": BUSY,
                     "PublishLagMs": between(0, 20, [80]), "PolledEventCount": between(0, 20, [9])}
        for name in ("PublisherIteratorAgeAlarm", "PublisherErrorsAlarm"):
            self.assertEqual(rings(name, recording), [], f"{name} sees nothing")
        self.assertEqual(rings("PublisherSilentAlarm", recording), [25])
        self.assertEqual(rings("PublisherMappingAlarm", recording), [25])

    def test_a_view_whose_queue_nobody_reads_rings(self):
        recording = {"ApproximateNumberOfMessagesVisible": between(10, 60, [30], [0]), "Applied": between(0, 10, [1])}
        self.assertEqual(len(rings("PriceListBehindAlarm", recording)), 1)

    def test_a_count_would_ring_for_few_errors_among_many_requests(self):
        recording = {"Count": steady(*[1] * 500), "5xx": steady(1, 1)}
        self.assertEqual(rings("Http5xxAlarm", recording), [], "0.4 %")


class TheEvaluator(unittest.TestCase):
    ALARM = {"Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3,
             "DatapointsToAlarm": 2, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0}

    def states(self, missing, series, **changes):
        alarm = {**self.ALARM, "TreatMissingData": missing, **changes}
        recording = {"m": lambda minute: None if series[minute] is None else [series[minute]]}
        return [state for _, state in cloudwatch.states(alarm, recording, len(series))][-1]

    def test_missing_data_is_treated_as_the_documentation_says(self):
        none = [None] * 5
        for missing, state in (("missing", "INSUFFICIENT_DATA"), ("breaching", "ALARM"), ("notBreaching", "OK")):
            self.assertEqual(self.states(missing, none), state)
        # The newest data points that exist are used before any is made up.
        self.assertEqual(self.states("notBreaching", [1, 1, None, None, 1]), "ALARM")
        self.assertEqual(self.states("breaching", [0, 0, None, None, 0]), "OK")
        self.assertEqual(self.states("ignore", [1, 1, 1, None, None, None, None, None]), "ALARM")

    def test_m_of_n_needs_m(self):
        self.assertEqual(self.states("missing", [0, 0, 1, 0, 0]), "OK")
        self.assertEqual(self.states("missing", [0, 0, 1, 0, 1]), "ALARM")

    def test_missing_operands_make_missing_results_except_under_fill(self):
        self.assertIsNone(expression.value("a + b", {"a": 1.0, "b": None}))
        self.assertEqual(expression.value("FILL(a, 0) + b * 2", {"a": None, "b": 3.0}), 6)
        self.assertEqual(expression.value("IF(a > 1 AND b == 0 OR a < 0, 1, 0)", {"a": 2.0, "b": 0.0}), 1)
        self.assertIsNone(expression.value("a / b", {"a": 1.0, "b": 0.0}))

    def test_an_alarm_that_evaluates_too_many_periods_rings_in_no_case(self):
        for name, alarm in ALARMS.items():
            minutes, recording, _ = case_of(name)
            damaged = copy.deepcopy(alarm)
            damaged["EvaluationPeriods"] = 10_000
            with self.subTest(name):
                self.assertEqual(cloudwatch.rings(damaged, recording, minutes), [])


if __name__ == "__main__":
    unittest.main()
