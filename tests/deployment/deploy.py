"""Deploys the output of `sam build` to ministack, and calls it: once with signed requests, once with tokens and signed requests.

    python deploy.py REPOSITORY BUILT ARCHITECTURE

BUILT is the folder of `sam build`, ARCHITECTURE the processor that it was built for. All files are created below BUILT's
parent. Exits with 1 at the first step that fails.
"""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from emulator import Emulator
from expectations import Unmet
from issuer import Issuer
from journey import Journey
from stack import DeploymentFailed, Stack
from tokens import Tokens, parameters, pricing_service
from variant import DanglingReference, write


def main(repository: Path, built: Path, architecture: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Also ends the started processes.
    with Issuer(built.parent) as issuer:
        try:
            run = Run(repository, built, architecture, issuer)
            # Turns the sample consumer on, so that the test can receive the bus's events through a topic.
            run.deployed("signed-requests", lambda stack: Journey(stack).steps(), FanOutSample="true")
            pricing = pricing_service()
            run.deployed("tokens", lambda stack: Tokens(stack, issuer, pricing).steps(), **parameters(issuer, pricing))
        except (DanglingReference, DeploymentFailed, Unmet) as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
    return 0


class Run:
    """The parts that both deployments share: the variant of the template, and the folders."""

    def __init__(self, repository: Path, built: Path, architecture: str, issuer: Issuer) -> None:
        self._repository = repository
        self._work = built.parent
        self._architecture = architecture
        self._trusted = issuer.certificate
        self._template = self._write_variant(built / "template.yaml")

    def deployed(self, name: str, steps: Callable[[Stack], list[Callable[[], None]]], **parameters: str) -> None:
        """Runs the steps on a stack with these parameters, in its own emulator."""
        print(f"\n{name}:")
        emulator = Emulator(self._work / name, self._trusted)
        try:
            with emulator:
                stack = Stack(emulator, self._repository, self._template)
                timed("sam deploy", lambda: stack.deploy(Architecture=self._architecture, KeepOrdersByStatus="true", **parameters))
                try:
                    for step in steps(stack):
                        timed(step.__name__.replace("_", " "), step)
                except Exception:
                    logged = stack.logged().items()
                    show("The last that the functions logged",
                         [f"{function}: {entry}" for function, entries in logged for entry in entries[-5:]])
                    raise
        except Exception:
            show("The end of ministack's log", emulator.end_of_log())
            raise

    @staticmethod
    def _write_variant(source: Path) -> Path:
        template, omissions = write(source)
        print("Left out, because ministack does not know it:")
        for what, why in dict.fromkeys((omission.what, omission.why) for omission in omissions):
            names = [omission.name for omission in omissions if (omission.what, omission.why) == (what, why)]
            print(f"      {what} ({', '.join(names)}): {why}")
        return template


def timed(what: str, step: Callable[[], None]) -> None:
    """Runs a step, and prints its name and duration."""
    began = time.monotonic()
    try:
        step()
    except Exception:
        print(f"FAIL  {what}", file=sys.stderr)
        raise
    print(f"ok    {what} ({time.monotonic() - began:.1f} s)", flush=True)


def show(title: str, lines: list[str]) -> None:
    print(f"\n{title}:", *lines, sep="\n      ", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve(), sys.argv[3]))
