"""Orders by retrying clients, while calls of the deployed functions fail and their processes are killed. Then nothing fails
any more, the system comes to rest, and the simulator's checks read what it left behind.

`make chaos` deploys the system and starts this: see infra/local/chaos.py.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "e2e"), str(ROOT / "infra" / "local")]

import report  # noqa: E402
from aws import Aws  # noqa: E402
from client import Api  # noqa: E402
from clients import Clients  # noqa: E402
from faults import OUTAGES, Chance, planned  # noqa: E402
from killer import Killer  # noqa: E402
from project import say  # noqa: E402
from proxy import Proxy  # noqa: E402
from system import Ears, System  # noqa: E402

OUTAGE_SECONDS = 5


def main():
    wanted = arguments()
    state = json.loads(os.environ["CHAOS_STATE"])
    chance = Chance(wanted.seed)
    proxy = Proxy(state["proxyPort"], ("127.0.0.1", state["port"]), chance)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    aws = Aws(state)
    system, clients = System(aws), Clients(Api(aws.outputs["ApiUrl"]), wanted.orders, wanted.at_once, wanted.seed)
    system.hurry()
    with Ears(aws) as ears:
        killer = Killer(state["emulator"], wanted.seed)
        began = time.monotonic()
        chaos(clients, chance, killer)
        lasted = time.monotonic() - began
        say(f"{wanted.orders} orders, {len(clients.history)} commands in {lasted:.0f} s; nothing fails any more")
        rested = system.rests(ears)
        say(f"the system rests after {rested:.0f} s")
    left = leftovers(system, clients, ears)
    path = Path(state["folder"]) / "left.json"
    path.write_text(json.dumps(left))
    judged = subprocess.run([state["judge"], "--judge", str(path)], capture_output=True, text=True)
    print(judged.stdout + judged.stderr, end="")
    table = report.table(left, chance, killer, lasted + rested)
    print(table)
    missing = [f"{it.call}: {it.fault.value}" for it in planned() if not chance.fired[it]]
    missing += [f"an outage of {call}" for call in OUTAGES if not chance.refused[call]]
    missing += [f"a kill of {name}" for name in state["functions"] if not killer.killed[name]]
    assert judged.returncode == 0, "the checks found something: see above"
    assert not missing, f"planned, and never happened: {missing}"
    if wanted.write:
        report.write(ROOT / "REFERENCE.md", table)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the table of REFERENCE.md")
    return parser.parse_args()


def chaos(clients, chance, killer):
    """Everything at once, until the clients are done: their orders, failing calls, an outage of each target, kills."""
    chance.is_on = True
    killer.start()
    stopped = threading.Event()
    outages = threading.Thread(target=fail_for_a_while, args=(chance, stopped), daemon=True)
    outages.start()
    try:
        clients.run()
    finally:
        stopped.set()
        outages.join()
        killer.stop()
        chance.is_on = False


def fail_for_a_while(chance, stopped):
    """One target after the other refuses everything for some seconds, again and again."""
    while True:
        for call in OUTAGES:
            if stopped.wait(OUTAGE_SECONDS):
                return
            chance.outage = call
            over = stopped.wait(OUTAGE_SECONDS)
            chance.outage = None
            if over:
                return


def leftovers(system, clients, ears):
    """What the run left behind, as the simulator's checks read it."""
    return {
        "commands": [command.record() for command in clients.history],
        "events": system.items("EventTableName"),
        "rows": system.items("ViewTableName"),
        "topic": ears.heard["topic"],
        "bus": ears.heard["bus"],
        "waiting": system.waiting(),
        "dead": {name: system.letters(queue) for name, queue in system.dead.items()},
    }


if __name__ == "__main__":
    main()
