"""ministack on a free loopback port, with all its files in one folder."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

REGION = "us-east-1"  # As in `run`.
ACCOUNT = "000000000000"
# The root of the emulated account. The functions never use it: they get a session of their own role.
ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
STARTS_WITHIN_S = 60
STOPS_WITHIN_S = 10
LINES_OF_LOG_SHOWN = 60


class Emulator:
    """A running ministack, for a `with` statement that also ends the processes that it started."""

    def __init__(self, work: Path, trusted: Path) -> None:
        """Keeps all files in the new folder `work`; trusts the HTTPS servers whose certificates are in `trusted`."""
        work.mkdir()
        self.port = _free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._log = work / "ministack.log"
        self._work = work
        self._trusted = trusted
        self._process: subprocess.Popen[bytes] | None = None

    def client_environment(self) -> dict[str, str]:
        """The settings with which AWS clients call this emulator as its root."""
        return ROOT | {"AWS_ENDPOINT_URL": self.endpoint}

    def end_of_log(self) -> list[str]:
        """The last log lines of the emulator, and of the functions that streams invoke."""
        return self._log.read_text(errors="replace").splitlines()[-LINES_OF_LOG_SHOWN:] if self._log.exists() else []

    def __enter__(self) -> "Emulator":
        temporary = self._work / "tmp"
        temporary.mkdir()
        # The functions inherit this environment, and the template's variables override it, so it contains little.
        environment = {"PATH": os.environ["PATH"], "HOME": str(temporary), "TMPDIR": str(temporary)} | ROOT | {
            # Enables the check of signatures, and of every request against the roles and policies of the template.
            "AUTH": "true",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": str(temporary / "s3"),
            "SFTP_ENABLED": "0",
            "SSL_CERT_FILE": str(self._trusted),
            "STATE_DIR": str(temporary / "state"),
        }
        program = Path(sys.executable).with_name("ministack")
        with self._log.open("wb") as log:
            # A new process group that includes the functions, so that all processes can be ended together.
            self._process = subprocess.Popen(
                [program], env=environment, cwd=temporary, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"ministack did not answer within {STARTS_WITHIN_S} s")

    def _stop(self) -> None:
        try:
            self._process.terminate()
            self._process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # All processes have ended.
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
