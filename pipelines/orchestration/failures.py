"""What happens when a step fails: what is tried again, what is written down about it, who is notified.

Only what waiting can fix is tried again (network, storage). A wrong configuration, a red audit or a bad input gives
the same answer every time. The text of a foreign error may hold values of a row, so no exception reaches Dagster's
event log as it is: it becomes a `Failure` with a masked text and the places in the code, without values
(portal-exports §7).
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import urllib.request
from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.config import Settings
from pipelines.errors import chain, places, safe_text

log = logging.getLogger(__name__)

RETRY_DELAY_SECONDS = 20.0
MAX_RETRIES = 2
WEBHOOK_TIMEOUT_SECONDS = 10

#: What to do about a red check.
RED = (
    "Hãy chạy `dunghan run --full-refresh` để kiểm tra và dựng lại toàn bộ từ kho; vẫn đỏ thì gửi các dòng trên cho "
    "nhóm phát triển (docs/runbooks/vi/red-run.md)"
    " / Run `dunghan run --full-refresh`: everything is validated and built again from the lake; if it stays red, "
    "send the lines above to the developers (docs/runbooks/red-run.md)"
)

#: A run that carries this tag has already been reported as failed.
NOTIFIED_TAG = "dunghan/notified"

# An OSError that no waiting fixes: a person has to see to the path or the disk.
_LASTING = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}


def retry_policy(delay: float = RETRY_DELAY_SECONDS) -> dg.RetryPolicy:
    """At most two more attempts, each after a longer wait (seconds)."""
    return dg.RetryPolicy(
        max_retries=MAX_RETRIES, delay=delay, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
    )


@contextlib.contextmanager
def as_dagster_failure() -> Iterator[None]:
    """Turn whatever is raised inside into a `Failure` that is safe to store, and tried again only if that can help."""
    try:
        yield
    except dg.Failure:
        raise
    except Exception as error:
        failure = dg.Failure(
            description=safe_text(error),
            metadata={"error": type(error).__name__, "where": dg.MetadataValue.text("\n".join(places(error)))},
            allow_retries=can_pass(error),
        )
        # `from None`: Dagster would store the original error, with its values, beside this one.
        raise failure from None


def can_pass(error: BaseException) -> bool:
    """Whether waiting may fix it: a network or storage error in the chain of causes, and not a lasting one."""
    for link in chain(error):
        if isinstance(link, ConnectionError | TimeoutError):
            return True
        if isinstance(link, OSError):
            return link.errno is not None and link.errno not in _LASTING
    return False


def notify(settings: Settings, *, run_id: str, job: str, problems: list[str]) -> bool:
    """Tell that a run published nothing: POST JSON to `webhook_url`; without it, or when it cannot be reached, log it.

    Returns whether the webhook took it. Never raises: a failed notice must not hide the failure it is about.
    """
    notice = {
        "project": "dunghan",
        "event": "run_failed",
        "run_id": run_id,
        "job": job,
        "problems": problems,
        "text": "Đúng Hạn: chưa công bố số liệu mới / nothing new was published\n" + "\n".join(problems),
    }
    if settings.webhook_url is not None:
        try:
            return _post(settings.webhook_url.get_secret_value(), notice)
        except (OSError, ValueError) as error:  # the address itself may hold a secret: never repeated
            log.error("Không gửi được thông báo / the notice could not be sent: %s", type(error).__name__)
    log.error("%s", notice["text"])
    return False


def _post(url: str, body: dict[str, Any]) -> bool:
    if not url.lower().startswith(("https://", "http://")):
        raise ValueError("webhook_url")
    request = urllib.request.Request(  # noqa: S310  (scheme checked above)
        url, data=json.dumps(body, ensure_ascii=False).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS) as answer:  # noqa: S310
        return bool(answer.status < 300)
