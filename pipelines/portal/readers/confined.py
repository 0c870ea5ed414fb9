"""A reader in a process of its own: what foreign libraries parse may crash, hang or swell there, and only there.

The parent sends a file's bytes and gets text rows back, both through pipes: they hold personal data and never touch a
disk. One process reads many files, one after the other. It knows no key and dies with its parent.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import resource
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

import pyarrow as pa

from pipelines.bilingual import joined
from pipelines.contract import KINDS, Kind
from pipelines.errors import kind_and_place
from pipelines.portal.readers.base import (
    UNREADABLE,
    Attention,
    Content,
    FileFacts,
    FileRejected,
    NotAnExport,
    Part,
    chunks,
)
from pipelines.portal.readers.headings import Column, Heading, Synonyms
from pipelines.portal.text_rows import TextRows

MIB = 1024 * 1024
#: Address space of the process beyond what it has when it starts: a small file may need the first, every byte of a file
#: the second (workbooks are packed, and a cell costs ten times its text), and none gets more than the third.
MEMORY_BASE = 1024 * MIB
MEMORY_PER_BYTE = 60
MEMORY_MOST = 4096 * MIB
#: Seconds that the parent waits for rows of one file: at least, and per MiB. Usual speed is above 5 MiB a second; a
#: machine that has ten other things to do must not make a good file unreadable.
SECONDS_BASE = 120.0
SECONDS_PER_MIB = 20.0
#: A process is made anew after so many files, or when so much of its address space is still taken after one: what a
#: library leaks goes with it and is not counted against the next file.
FILES_PER_PROCESS = 200
MEMORY_LEFT = 256 * MIB

_LONGEST_FRAME = 1024 * MIB
_PIECE = MIB
#: What a frame holds: a file's job, its bytes, text rows, what is known of it at the end, why it cannot be read.
_JOB, _BYTES, _ROWS, _FACTS, _REJECTED = b"J", b"B", b"R", b"F", b"X"
_COMMAND = "import sys; from pipelines.portal.readers.confined import serve; serve(int(sys.argv[1]))"
_TOO_MUCH = "quá lớn hoặc hỏng / too large or corrupt"


class Parser(Protocol):
    """The module that reads a file inside the process."""

    def read(
        self, stream: BinaryIO, kind: Kind, synonyms: Synonyms, facts: FileFacts, previous: Heading | None
    ) -> Iterator[TextRows]:
        """Text rows of the bytes; fills the facts. previous: heading of the member of an archive before this one.
        Raises FileRejected."""
        ...


@dataclass
class ConfinedReader:
    """A file read by `pipelines.portal.readers.<module>` in a process of its own (see base.Reader)."""

    module: str
    content: Content
    kind: Kind
    synonyms: Synonyms
    facts: FileFacts
    previous: Heading | None = None

    def batches(self) -> Iterator[TextRows]:
        """See Reader. Whatever becomes of the process, FileRejected is all that is raised."""
        worker = _take()
        try:
            yield from worker.read(self)
        finally:
            _give_back(worker)


# --- the parent's side ----------------------------------------------------------------------------------------------

_idle: list[_Worker] = []
_lock = threading.Lock()


def _take() -> _Worker:
    with _lock:
        while _idle:
            worker = _idle.pop()
            if worker.alive:
                return worker
            worker.end()
    return _Worker()


def _give_back(worker: _Worker) -> None:
    if worker.ready and worker.files < FILES_PER_PROCESS and worker.alive:
        with _lock:
            _idle.append(worker)
    else:
        worker.end()


@atexit.register
def _end_idle() -> None:
    while _idle:
        _idle.pop().end()


class _Worker:
    """The process and its pipes. files: how many it has read; ready: it waits for the next, and is fit for it."""

    def __init__(self) -> None:
        self.files = 0
        self.ready = True
        self._owner = os.getpid()
        alive, self._life = os.pipe()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DUNGHAN_")}
        environment |= {
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        }
        # Every thread reserves address space, which is what is limited; there is nothing to compute in parallel.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        try:
            # Messages of foreign libraries may quote values: nobody reads them.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
                [sys.executable, "-c", _COMMAND, str(alive)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(alive,),
                env=environment,
                cwd="/",
            )
        except OSError:
            os.close(self._life)
            raise
        finally:
            os.close(alive)
        self._input, self._output = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)

    @property
    def alive(self) -> bool:
        """May it be given a file? Not when it belongs to the process that this one was forked from."""
        return self._owner == os.getpid() and self._process.poll() is None

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        if self._owner != os.getpid():
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._input, self._output):
            with contextlib.suppress(OSError):
                stream.close()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    def read(self, reader: ConfinedReader) -> Iterator[TextRows]:
        """Rows of a file; its facts at the end."""
        self.files += 1
        self.ready = False
        with reader.content.seekable().open() as stream:
            start = stream.tell()
            size = stream.seek(0, io.SEEK_END) - start
            stream.seek(start)
            wait = _Wait(SECONDS_BASE + SECONDS_PER_MIB * size / MIB)
            job = {
                "module": reader.module,
                "kind": reader.kind.name,
                "synonyms": dict(reader.synonyms),
                "previous": reader.previous and _packed(reader.previous),
                "memory": min(MEMORY_BASE + MEMORY_PER_BYTE * size, MEMORY_MOST),
                "seconds": wait.left,
            }
            try:
                _send(self._input, _JOB, json.dumps(job).encode())
                for piece in chunks(stream, _PIECE):
                    _send(self._input, _BYTES, piece)
                _send(self._input, _BYTES, b"")
                self._input.flush()
            except OSError as error:
                raise self._death() from error
        while True:
            tag, payload = self._receive(wait)
            if tag == _ROWS:
                with pa.ipc.open_stream(payload) as table:
                    yield TextRows(table.read_all())
                continue
            answer = json.loads(payload)
            self.ready = answer["ready"]
            if tag == _FACTS:
                _take_facts(reader.facts, answer)
                return
            if answer["passed_over"]:
                likely = tuple((name, _unpacked(heading)) for name, heading in answer["likely"])
                raise NotAnExport(answer["reason"], answer["detail"], holds_codes=answer["holds_codes"], likely=likely)
            raise FileRejected(answer["reason"], answer["detail"])

    def _receive(self, wait: _Wait) -> tuple[bytes, bytes]:
        head = self._exactly(9, wait)
        size = int.from_bytes(head[1:], "little")
        if size > _LONGEST_FRAME:
            raise self._death()
        return head[:1], self._exactly(size, wait)

    def _exactly(self, size: int, wait: _Wait) -> bytes:
        pieces = []
        while size:
            if not wait.readable(self._output.fileno()):
                raise self._death("quá thời gian / time limit")
            piece = os.read(self._output.fileno(), min(size, _PIECE))
            if not piece:
                raise self._death()
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _death(self, reason: str = "") -> FileRejected:
        """The process is no use any more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0 if reason else 5)
        code = self._process.returncode
        reason = reason or (f"signal {-code}" if code is not None and code < 0 else "tiến trình dừng / process ended")
        self.end()
        return FileRejected(UNREADABLE, joined([_TOO_MUCH, reason], ": "))


class _Wait:
    """Time that may be spent waiting; what the parent does with the rows meanwhile does not count."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def readable(self, descriptor: int) -> bool:
        """Wait until there is something to read. False: the time is over."""
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
        begun = time.monotonic()
        ready = bool(poll.poll(max(0.0, self.left) * 1000))
        self.left -= time.monotonic() - begun
        return ready


def _send(stream: BinaryIO, tag: bytes, payload: bytes | memoryview | pa.Buffer) -> None:
    stream.write(tag + len(payload).to_bytes(8, "little"))
    stream.write(payload)


def _take_facts(facts: FileFacts, known: dict[str, Any]) -> None:
    """The facts that the process found, into those of the reader (its format and encoding are the parent's)."""
    facts.drift = Counter(known["drift"])
    facts.parts = [Part(**part) for part in known["parts"]]
    facts.headings = [(name, _unpacked(heading)) for name, heading in known["headings"]]
    facts.likely = [(name, _unpacked(heading)) for name, heading in known["likely"]]
    facts.notes += known["notes"]
    facts.attention += [Attention(**one) for one in known["attention"]]


def _packed(heading: Heading) -> dict[str, Any]:
    """A heading as JSON has it."""
    return asdict(heading) | {"words": sorted(heading.words)}


def _unpacked(known: dict[str, Any]) -> Heading:
    columns = tuple(Column(**column) for column in known["columns"])
    return Heading(known["first_row"], known["last_row"], columns, frozenset(known["words"]))


# --- inside the process ---------------------------------------------------------------------------------------------


def serve(life: int) -> None:
    """Read files until the parent is gone. life: descriptor that ends when the parent does."""
    requests, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    _limit(resource.RLIMIT_CORE, 0)
    pa.set_cpu_count(1)
    # Millions of cells live at once and none of them in a cycle: looking for cycles takes a third of the time.
    gc.disable()
    beginning = _address_space()
    while (frame := _frame(requests)) is not None:
        job = json.loads(frame[1])
        _limit(resource.RLIMIT_AS, beginning + job["memory"])
        used = resource.getrusage(resource.RUSAGE_SELF)
        # Twice what the parent waits for: only who has no parent any more comes to it.
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + 2 * job["seconds"]) + 1)
        answer = _read(job, _sent_bytes(requests), results)
        gc.collect()
        ready = answer[1].setdefault("ready", _address_space() <= beginning + MEMORY_LEFT)
        _send(results, answer[0], json.dumps(answer[1]).encode())
        results.flush()
        if not ready:
            return


def _end_with(life: int) -> None:
    os.read(life, 1)
    os._exit(0)


def _limit(what: int, value: int) -> None:
    # Not every system knows every limit; the hard one stays, so that the next file may have another.
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", "rb") as sizes:  # noqa: PTH123
            return int(sizes.read().split()[0]) * resource.getpagesize()
    except OSError:
        return MEMORY_BASE


def _frame(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    head = stream.read(9)
    return (head[:1], stream.read(int.from_bytes(head[1:], "little"))) if len(head) == 9 else None


def _sent_bytes(requests: BinaryIO) -> BinaryIO:
    data = io.BytesIO()
    while (frame := _frame(requests)) is not None and frame[1]:
        data.write(frame[1])
    data.seek(0)
    return data


def _read(job: dict[str, Any], data: BinaryIO, results: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    """Sends the rows of a file; gives what is known of it, or why it cannot be read. Only after a FileRejected, which
    is a reader's own word, is the process fit to go on."""
    parser = cast(Parser, import_module(f"pipelines.portal.readers.{job['module']}"))
    facts = FileFacts("")
    try:
        previous = job["previous"] and _unpacked(job["previous"])
        for rows in parser.read(data, KINDS[job["kind"]], job["synonyms"], facts, previous):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, rows.table.schema) as writer:
                writer.write_table(rows.table)
            _send(results, _ROWS, sink.getvalue())
            results.flush()
        return _FACTS, {
            "drift": facts.drift,
            "parts": [asdict(part) for part in facts.parts],
            "headings": [(name, _packed(heading)) for name, heading in facts.headings],
            "likely": [(name, _packed(heading)) for name, heading in facts.likely],
            "notes": facts.notes,
            "attention": [asdict(one) for one in facts.attention],
        }
    except NotAnExport as fault:
        return _REJECTED, {
            "reason": fault.reason,
            "detail": fault.detail,
            "passed_over": True,
            "holds_codes": fault.holds_codes,
            "likely": [(name, _packed(heading)) for name, heading in fault.likely],
        }
    except FileRejected as fault:
        return _REJECTED, {"reason": fault.reason, "detail": fault.detail, "passed_over": False}
    except BaseException as fault:
        detail = joined([_TOO_MUCH, kind_and_place(fault)], ": ")
        return _REJECTED, {"reason": UNREADABLE, "detail": detail, "passed_over": False, "ready": False}
