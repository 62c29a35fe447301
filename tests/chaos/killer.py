"""Kills processes of functions at random, as a crash would: with SIGKILL, in the middle of whatever they do."""

import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path

SECONDS_BETWEEN = (0.3, 1.2)


class Killer(threading.Thread):
    """Kills one process of the emulator's functions at a time, until `stop`."""

    def __init__(self, emulator, seed):
        super().__init__(daemon=True)
        self.emulator = emulator
        self.random = random.Random(seed)
        self.killed = Counter()
        self._ended = threading.Event()

    def run(self):
        while not self._ended.wait(self.random.uniform(*SECONDS_BETWEEN)):
            running = functions(self.emulator)
            if not running:
                continue
            # The function that was killed least, so that a short run kills each; then one of its processes.
            name = min(sorted(set(running.values())), key=lambda it: self.killed[it])
            pid = self.random.choice(sorted(pid for pid, of in running.items() if of == name))
            try:
                os.kill(pid, signal.SIGKILL)
                self.killed[name] += 1
            except ProcessLookupError:
                pass

    def stop(self):
        self._ended.set()
        self.join()


def functions(emulator):
    """The processes of functions, with the logical name of each function. Only children of this emulator."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.getpgid(int(entry.name)) != emulator or not os.readlink(entry / "exe").endswith("/bootstrap"):
                continue
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        names = [it.partition(b"=")[2].decode() for it in variables if it.startswith(b"AWS_LAMBDA_FUNCTION_NAME=")]
        found.update({int(entry.name): name for name in names})
    return found
