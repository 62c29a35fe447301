"""The table of a chaos run, in REFERENCE.md between its markers."""

from collections import Counter

from faults import Fault

BEGIN, END = "<!-- chaos:begin -->\n", "<!-- chaos:end -->"


def table(left, chance, killer, seconds):
    """What went wrong, how often, and what was lost."""
    by_fault = Counter()
    for planned, times in chance.fired.items():
        by_fault[planned.fault] += times
    lines = [(fault.value, by_fault[fault]) for fault in Fault]
    lines += [(f"a call that was refused while its service was down ({call})", times)
              for call, times in sorted(chance.refused.items())]
    lines += [("a function's process that was killed", sum(killer.killed.values()))]
    attempts = [attempt for command in left["commands"] for attempt in command["attempts"]]
    again = len(attempts) - len(left["commands"])
    rows = "".join(f"| {what} | {times:,} | nothing |\n" for what, times in lines)
    orders = sum(command["asked"] == "place" for command in left["commands"])
    return (f"| what went wrong on the deployed emulator | tried | lost |\n|---|---|---|\n{rows}\n"
            f"{orders:,} orders, {len(left['commands']):,} commands, sent again {again:,} times; "
            f"{sum(chance.calls.values()):,} calls of the functions; {len(left['events']):,} commits; "
            f"{len(left['topic']):,} messages on the topic and {len(left['bus']):,} on the bus; {seconds:.0f} s.\n")


def write(path, text):
    """Puts the table between its markers."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, f"{path.name} has lost its markers of chaos"
    path.write_text(before + BEGIN + text + END + after)
