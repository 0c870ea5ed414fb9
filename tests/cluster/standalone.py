"""A standalone cluster of Spark on loopback: a master and workers as processes of their own, as on other machines."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

_START_SECONDS = 120


class Standalone:
    """Started on entering, ended on leaving. `url` is what [spark] master takes; `folder` takes logs and work."""

    def __init__(self, folder: Path, *, workers: int, cores: int = 1, memory: str = "1g") -> None:
        self.folder, self._cores, self._memory, self._number = folder, cores, memory, workers
        self.url = f"spark://127.0.0.1:{free_port()}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._master: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Standalone:
        port = self.url.rpartition(":")[2]
        self._master = self._start("master", "org.apache.spark.deploy.master.Master", "--port", port)
        self._wait_for("master", "I have been elected leader")
        for number in range(self._number):
            name = f"worker-{number}"
            work = str(self.folder / name)
            sizes = ("--cores", str(self._cores), "--memory", self._memory, "--work-dir", work)
            self.workers.append(self._start(name, "org.apache.spark.deploy.worker.Worker", *sizes, self.url))
        for number in range(self._number):
            self._wait_for(f"worker-{number}", "Successfully registered with master")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (*self.workers, *([self._master] if self._master else [])):
            end_of(process, signal.SIGTERM)

    def kill_worker(self, number: int) -> None:
        """As when a machine dies: the worker and the executors it runs, all at once."""
        end_of(self.workers[number], signal.SIGKILL)

    def executors(self, number: int) -> int:
        """How many executors this worker has started so far."""
        return len(list((self.folder / f"worker-{number}").glob("app-*/*")))

    def _start(self, name: str, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = Path(pyspark.__file__).parent
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_WORKER_OPTS": "-Dspark.worker.ui.enabled=false",
        }
        ports = ("--host", "127.0.0.1", "--webui-port", str(free_port()))
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [home / "bin" / "spark-class", main, *ports, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # a worker and its executors are one group, which dies together
            )

    def _wait_for(self, name: str, text: str) -> None:
        log = self.folder / f"{name}.log"
        deadline = time.monotonic() + _START_SECONDS
        while text not in log.read_text(errors="replace"):
            assert time.monotonic() < deadline, f"{name}: {log.read_text(errors='replace')[-3000:]}"
            time.sleep(0.2)


def end_of(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Ends the process and what it started: executors are processes of the worker's own group."""
    if process.poll() is None:
        os.killpg(process.pid, how)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
