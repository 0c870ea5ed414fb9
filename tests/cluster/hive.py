"""A Hive metastore on loopback: Hive's own server from the jars that pyspark brings, its tables in memory."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from pipelines.preflight_spark import java_command
from tests.cluster.standalone import end_of, free_port

_START_SECONDS = 120
_SITE = """<configuration>
{properties}
</configuration>
"""
_PROPERTIES = {
    "javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
    "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
    "datanucleus.schema.autoCreateAll": "true",
    "datanucleus.connectionPoolingType": "None",
    "hive.metastore.schema.verification": "false",
    "hive.async.log.enabled": "false",
}


class Metastore:
    """Started on entering, ended on leaving, with all that it knew. `uri` is what [spark] metastore takes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._port = folder, free_port()
        self.uri = f"thrift://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Metastore:
        import pyspark

        given = {**_PROPERTIES, "hive.metastore.warehouse.dir": str(self.folder / "hive")}
        lines = (f"<property><name>{name}</name><value>{value}</value></property>" for name, value in given.items())
        (self.folder / "hive-site.xml").write_text(_SITE.format(properties="\n".join(lines)), encoding="utf-8")
        jars = f"{self.folder}:{Path(pyspark.__file__).parent / 'jars'}/*"
        main = ("org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(self._port))
        opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("net", "lang")]
        with (self.folder / "metastore.log").open("wb") as log:
            self._process = subprocess.Popen(
                [java_command() or "java", *opened, "-cp", jars, *main],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            end_of(self._process, signal.SIGKILL)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                    return
            except OSError:
                log = (self.folder / "metastore.log").read_text(errors="replace")
                assert time.monotonic() < deadline, log[-3000:]
                time.sleep(0.2)
