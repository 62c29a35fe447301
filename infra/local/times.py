"""How long the steps of a command took, as a table that lines up."""

import contextlib
import time


class Times:
    """The steps, in the order in which they ended well."""

    def __init__(self):
        self.began = time.monotonic()
        self.steps = []

    @contextlib.contextmanager
    def of(self, step):
        """Measures what it encloses."""
        began = time.monotonic()
        yield
        self.steps.append((step, time.monotonic() - began))

    def table(self, head):
        """A row for each step, and one for everything since the beginning."""
        rows = [(step, f"{seconds:.1f}") for step, seconds in [*self.steps, ("all", time.monotonic() - self.began)]]
        first, second = (max(len(row[column]) for row in [(head, "seconds"), *rows]) for column in (0, 1))
        lines = [f"| {step:<{first}} | {seconds:>{second}} |" for step, seconds in [(head, "seconds"), *rows]]
        return "\n".join([lines[0], f"|{'-' * (first + 2)}|{'-' * (second + 1)}:|", *lines[1:]]) + "\n"
