"""`floorwalker serve`: the API and the pages."""

from __future__ import annotations

import errno
import ipaddress
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from floorwalker.cli.output import messages
from floorwalker.errors import InputError
from floorwalker.server.app import create_app
from floorwalker.settings import Settings
from floorwalker.site import load_site
from floorwalker.warehouse import Warehouse


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
    settings = Settings.load()
    address = host or settings.host
    refuse_open_address(address)
    listener = bind(address, settings.port if port is None else port)
    try:
        warehouse = Warehouse(settings.resolved_database_url)
        if site:
            warehouse.register_site(load_site(site), site.parent)
        run(warehouse, listener)
    finally:
        listener.close()
    messages.print("floorwalker: stopped", style="dim")


def run(warehouse: Warehouse, listener: socket.socket) -> None:
    """Serve a warehouse on a bound socket until interrupted."""
    servers: list[uvicorn.Server] = []
    app = create_app(warehouse, stopping=lambda: any(server.should_exit for server in servers))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=3, server_header=False
    )
    servers.append(uvicorn.Server(config))
    shown = listener.getsockname()
    place = f"[{shown[0]}]" if ":" in shown[0] else shown[0]
    messages.print(f"floorwalker: http://{place}:{shown[1]} (Ctrl-C stops)", markup=False)
    try:
        servers[0].run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # raised again by the server after it has stopped in good order
    finally:
        warehouse.close()


def refuse_open_address(host: str) -> None:
    """Refuse an address that other machines can reach.

    Raises:
        InputError: it is not a loopback address.
    """
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise InputError(
            f"cannot serve on {host}: without API keys the server answers on this machine only; "
            "use --host 127.0.0.1"
        )


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
