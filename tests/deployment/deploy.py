"""Deploys what `sam build` made to ministack, and goes on the journey there.

    python deploy.py REPOSITORY BUILT ARCHITECTURE

BUILT is the folder of `sam build`, ARCHITECTURE what it was built for; all that comes into being stays below BUILT's parent.
Exits with 1 at the first step that does not show what its name says.
"""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from emulator import Emulator
from expectations import Unmet
from journey import Journey
from stack import DeploymentFailed, Stack
from variant import DanglingReference, derive

# The sample is on, so that there is a topic to hear the bus by.
PARAMETERS = {"FanOutSample": "true"}
LINES_OF_LOG_SHOWN = 60


def main(repository: Path, built: Path, architecture: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that the emulator is ended then, too.
    try:
        template, omissions = derive(yaml.safe_load((built / "template.yaml").read_text()))
    except DanglingReference as error:
        print(f"deployment: {error}", file=sys.stderr)
        return 1
    print("Left out, because ministack does not know it:")
    for what, why in dict.fromkeys((omission.what, omission.why) for omission in omissions):
        names = [omission.name for omission in omissions if (omission.what, omission.why) == (what, why)]
        print(f"      {what} ({', '.join(names)}): {why}")
    variant = built / "ministack.yaml"
    variant.write_text(yaml.safe_dump(template, sort_keys=False))

    emulator = Emulator(built.parent)
    try:
        with emulator:
            stack = Stack(emulator, repository, variant)
            timed("sam deploy", lambda: stack.deploy(Architecture=architecture, **PARAMETERS))
            for step in Journey(stack).steps():
                timed(step.__name__.replace("_", " "), step)
    except (Unmet, DeploymentFailed) as error:
        print(f"\n{error}\n\nThe end of ministack's log:", file=sys.stderr)
        lines = emulator.log.read_text(errors="replace").splitlines()
        print("\n".join(lines[-LINES_OF_LOG_SHOWN:]), file=sys.stderr)
        return 1
    return 0


def timed(what: str, step: Callable[[], None]) -> None:
    """Runs a step, and prints what it showed and how long that took."""
    began = time.monotonic()
    try:
        step()
    except Exception:
        print(f"FAIL  {what}", file=sys.stderr)
        raise
    print(f"ok    {what} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve(), sys.argv[3]))
