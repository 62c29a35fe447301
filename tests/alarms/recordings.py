"""Recorded series: for each kind of alarm one that must ring, and one that must not."""


def steady(*samples):
    return lambda minute: list(samples)


def between(first, last, inside, outside=None):
    """The samples `inside` from minute `first` to `last`, and `outside` at other times; None is no data."""
    return lambda minute: inside if first <= minute < last else outside


def sweeps(comes):
    """The four segments of a sweep end within an hour, on each day on which one comes, up to three hours late."""
    def samples(minute):
        day, of_day = divmod(minute, DAY)
        first = day % 3 * 90
        return [1] if comes(day) and first <= of_day < first + HOUR and of_day % 15 == 0 else None
    return samples


HOUR = 60
DAY = 24 * HOUR
BUSY = steady(*[1] * 10)
SLOW = [100] * 90 + [5000] * 10
FAST = steady(*[100] * 100)

# The end of an alarm's name: what rings it, how long that lasts, and what does not.
CASES = {
    "DlqAlarm": (60, {"ApproximateNumberOfMessagesVisible": between(20, 30, [1], [0])},
                 {"ApproximateNumberOfMessagesVisible": steady(0)}),
    "DlqAgeAlarm": (9 * DAY, {"ApproximateAgeOfOldestMessage": lambda minute: [minute * 60]},
                    {"ApproximateAgeOfOldestMessage": lambda minute: [minute * 60 if minute < 6 * DAY else 0]}),
    "ParkedAlarm": (60, {"Parked": between(20, 21, [1])}, {}),
    "BehindAlarm": (60, {"Retried": between(10, 60, [1]), "Applied": BUSY},
                    {"ApproximateNumberOfMessagesVisible": steady(40), "Applied": BUSY, "Retried": between(10, 14, [1])}),
    "StrainAlarm": (60, {"Throttles": between(10, 40, [1])}, {"Throttles": steady(0), "Duration": steady(900)}),
    "PolicyErrorsAlarm": (60, {"Errors": between(10, 20, [1], [0])}, {"Errors": between(10, 11, [1], [0])}),
    "SilenceAlarm": (60, {"Invocations": between(0, 20, [1])}, {"Invocations": steady(1)}),
    "ScheduleAlarm": (60, {"FailedInvocations": between(10, 12, [1])}, {}),
    "LagAlarm": (60, {"EndToEndLagMs": between(10, 30, SLOW + [90_000] * 5, [100])},
                 {"EndToEndLagMs": between(10, 13, [90_000] * 50, [100])}),
    "Http5xxAlarm": (60, {"Count": steady(*[1] * 10), "5xx": between(10, 20, [1, 1])},
                     {"Count": steady(1), "5xx": steady(1)}),  # All of five requests fail.
    "Http4xxAlarm": (60, {"Count": BUSY, "4xx": between(10, 20, [1, 1])}, {"Count": BUSY, "4xx": between(10, 11, [1, 1])}),
    "LatencyAlarm": (60, {"Latency": between(10, 20, SLOW, [100])}, {"Latency": FAST}),
    "HistoryAlarm": (60, {"Parked": between(20, 21, [1])}, {}),
    "PublisherSilentAlarm": (60, {"CommandAccepted": BUSY, "PublishLagMs": between(0, 20, [80] * 5)},
                             {"CommandAccepted": BUSY, "PublishLagMs": steady(80)}),
    "PublisherMappingAlarm": (60, {"CommandAccepted": BUSY, "PolledEventCount": between(0, 20, [5])}, {}),
    "IteratorAgeAlarm": (60, {"IteratorAge": between(10, 20, [61_000], [50])},
                         {"IteratorAge": between(10, 12, [61_000], [50])}),
    "IteratorAgeCriticalAlarm": (60, {"IteratorAge": between(10, 20, [21_700_000], [50])},
                                 {"IteratorAge": steady(3_600_000)}),
    "PublisherErrorsAlarm": (60, {"Errors": between(10, 20, [1], [0])}, {"Errors": between(10, 11, [1], [0])}),
    "RebuildErrorsAlarm": (60, {"Errors": between(10, 20, [1], [0])}, {"Errors": between(10, 11, [1], [0])}),
    "RebuildBehindAlarm": (60, {"ApproximateNumberOfMessagesVisible": steady(0),
                                "ApproximateNumberOfMessagesNotVisible": between(10, 60, [16], [0])},
                           {"ApproximateNumberOfMessagesNotVisible": between(10, 60, [16], [0]), "SweptCommits": BUSY}),
    # Each day's sweep is late by up to three hours; after the third day, none comes.
    "SweepSilenceAlarm": (6 * DAY, {"SweptSegments": sweeps(lambda day: 1 <= day <= 3)}, {"SweptSegments": sweeps(lambda day: day >= 1)}),
    "LostCommitsAlarm": (60, {"LostCommits": between(10, 11, [1])}, {}),
    "DestinationAlarm": (60, {"DestinationDeliveryFailures": between(10, 11, [1])}, {}),
    "RetriesAlarm": (60, {"ApproximateNumberOfMessagesVisible": steady(0),
                          "ApproximateNumberOfMessagesNotVisible": between(10, 60, [3], [0])},
                     {"ApproximateNumberOfMessagesVisible": between(10, 18, [9], [0])}),
    "UnmatchedEventsAlarm": (90, {"NumberOfMessagesPublished": BUSY, "MatchedEvents": between(0, 30, [1] * 9)},
                             {"NumberOfMessagesPublished": BUSY, "MatchedEvents": steady(1)}),
    "DeliveryFailuresAlarm": (60, {"NumberOfNotificationsFailed": between(10, 11, [1])}, {}),
    "ConcurrencyAlarm": (60, {"ConcurrentExecutions": between(10, 20, [710], [30])}, {"ConcurrentExecutions": steady(690)}),
    "TableAlarm": (60, {"WriteThrottleEvents": between(10, 11, [4])}, {}),
    "AnomalyAlarm": (10 * 60, {"OrdersPlaced": between(0, 180, [1]), "IncomingBytes": between(0, 180, [1]),
                              "band": lambda minute: (40, 80)},
                     {"OrdersPlaced": steady(1), "IncomingBytes": steady(1), "band": lambda minute: (40, 80)}),
}
