"""`floorwalker serve`: the API and the pages."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from floorwalker.adapters.pair_sets import pair_files_from
from floorwalker.cli.output import messages
from floorwalker.errors import FloorwalkerError, InputError
from floorwalker.events import format_utc
from floorwalker.notify.sending import Sender
from floorwalker.notify.watcher import Watcher
from floorwalker.server.app import create_app
from floorwalker.server.gate import AccessPolicy
from floorwalker.server.limits import Limits
from floorwalker.server.making_matcher import calibration_of, matcher_of
from floorwalker.server.request_log import log_to_stderr
from floorwalker.server.review_desks import reviews_from
from floorwalker.server.serving import serve_app
from floorwalker.server.sessions import seal_key_in
from floorwalker.settings import Settings
from floorwalker.site import load_site
from floorwalker.warehouse import DatabaseAway, Warehouse
from floorwalker.warehouse.keys import Keys

_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


def register(app: typer.Typer) -> None:
    """Add `floorwalker serve`."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to bind; default: loopback.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to bind.", min=0, max=65535)] = None,
    site: Annotated[
        Path | None, typer.Option("--site", help="Site file whose stores are made known first.")
    ] = None,
) -> None:
    """Serve the API and the pages until interrupted."""
    with _failure_in_the_log():
        settings = Settings.load()
        address = host or settings.host
        with closing(Warehouse(settings.resolved_database_url)) as warehouse:
            policy = policy_for(address, warehouse, loopback_open=settings.loopback_open)
            if site:
                warehouse.register_site(load_site(site), site.parent)
            with closing(bind(address, settings.port if port is None else port)) as listener:
                run(warehouse, listener, policy, seal_key_in(settings.home), settings)
    messages.print("floorwalker: stopped", style="dim")


@contextmanager
def _failure_in_the_log() -> Iterator[None]:
    """Where the error stream is a log, tell it why the server did not start, and notices, as JSON."""
    is_log = not sys.stderr.isatty()
    notices = _Notices()
    logger = logging.getLogger("floorwalker")
    if is_log:
        logger.addHandler(notices)
    try:
        yield
    except FloorwalkerError as error:
        if is_log:
            log_to_stderr(
                {
                    "event": "start_failed",
                    "timestamp": format_utc(datetime.now(UTC)),
                    "code": "database_away" if isinstance(error, DatabaseAway) else "start_failed",
                    "message": str(error),
                    "exit_code": error.exit_code,
                }
            )
        raise
    finally:
        logger.removeHandler(notices)


class _Notices(logging.Handler):
    """What rooms below have to tell, such as that the tables were upgraded, as lines of the log."""

    def emit(self, record: logging.LogRecord) -> None:
        moment = format_utc(datetime.fromtimestamp(record.created, UTC))
        log_to_stderr({"event": "notice", "timestamp": moment, "message": record.getMessage()})


def run(
    warehouse: Warehouse,
    listener: socket.socket,
    policy: AccessPolicy | None = None,
    seal_key: bytes | None = None,
    settings: Settings | None = None,
) -> None:
    """Serve a warehouse on a bound socket until interrupted, and close it."""
    settings = settings or Settings.load()
    reviews = reviews_from(settings, pair_files_from(os.environ))
    shown = listener.getsockname()
    place = f"[{shown[0]}]" if ":" in shown[0] else shown[0]
    try:
        matcher, calibration = matcher_of(warehouse, settings), calibration_of(settings)
        messages.print(f"floorwalker: http://{place}:{shown[1]} (Ctrl-C stops)", markup=False)
        serve_app(
            lambda stopping: create_app(
                warehouse,
                matcher=matcher,
                calibration=calibration,
                stopping=stopping,
                policy=policy,
                seal_key=seal_key,
                limits=limits_of(settings),
                watcher=watcher_of(warehouse, settings),
                reviews=reviews,
            ),
            listener,
            grace_s=settings.shutdown_s,
        )
    finally:
        warehouse.close()


def watcher_of(warehouse: Warehouse, settings: Settings) -> Watcher:
    """Who looks for anomalies while the server runs, and tells webhooks."""
    return Watcher(warehouse, sender=Sender(private=settings.webhooks_private), log=log_to_stderr)


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings name."""
    return Limits(
        rate_per_s=settings.rate_per_s,
        rate_burst=settings.rate_burst,
        at_once=settings.requests_at_once,
        answer_s=settings.answer_s,
        body_bytes=settings.body_bytes,
    )


def policy_for(host: str, warehouse: Warehouse, *, loopback_open: bool) -> AccessPolicy:
    """Who needs a key on an address.

    Args:
        host: the address to bind.
        warehouse: whose keys.
        loopback_open: whether this machine needs none even where there are keys.

    Raises:
        InputError: other machines reach the address, and there is no key that works.
    """
    hosts = frozenset({*_OWN_NAMES, host})
    if is_loopback(host):
        return AccessPolicy(loopback_open=loopback_open, hosts=hosts)
    now = warehouse.now()
    if not any(key.state(now) == "active" for key in Keys(warehouse.database).all()):
        refuse_open_address(host)
    return AccessPolicy(always=True, loopback_open=loopback_open, hosts=hosts)


def refuse_open_address(host: str) -> None:
    """Refuse an address that other machines can reach, where there are no keys.

    Raises:
        InputError: it is not a loopback address.
    """
    if not is_loopback(host):
        raise InputError(
            f"cannot serve on {host}: other machines reach it, and no API keys are in use; make one with "
            "`floorwalker keys create NAME --role admin`, or serve this machine only with --host 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        InputError: the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
        raise InputError(f"port {port} on {host} {reason}; choose another with --port") from error
    return listener
