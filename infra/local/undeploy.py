"""`make undeploy-local`: stops the emulator that `make deploy-local` started, with everything deployed there."""

import emulator
from project import forget, recall, run, say


def main():
    pid = recall().get("pid")
    if pid is None:
        say("nothing is deployed locally")
        return
    emulator.stop(pid)
    forget()
    say("the local AWS is stopped; its logs are in .local/logs")


if __name__ == "__main__":
    run(main)
