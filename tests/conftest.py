"""What all tests share: where the real material lies, and the databases that everything has to run on."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

ROOT = Path(__file__).resolve().parent.parent
# Processes that a test starts import its module by the name that it has from here, wherever pytest began.
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))  # _postgres serves tests and benchmarks alike

from _postgres import Cluster, NoPostgres  # noqa: E402
from floorwalker.warehouse import Warehouse  # noqa: E402
from floorwalker.warehouse.schema import metadata  # noqa: E402

# Tests assert behaviour, never a time: on a busy machine, or before Hypothesis has made its tables of
# characters, drawing the first example alone takes longer than its health check allows.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden event files anew instead of comparing"
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are written anew instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material; the test is skipped where it is absent."""
    folder = Path(os.environ.get("FLOORWALKER_SHARED", "../shared"))
    folder = folder if folder.is_absolute() else ROOT / folder
    if not (folder / "data").is_dir():
        pytest.skip(f"not run: the real material is not in {folder} (FLOORWALKER_SHARED)")
    return folder / "data"


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory, monkeypatch):
    """No test touches the state folder of whoever runs it."""
    monkeypatch.setenv("FLOORWALKER_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("FLOORWALKER_DATABASE_URL", "FLOORWALKER_MART_URL", "FLOORWALKER_DETECTOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Whoever uses this, directly or not, runs once on each database."""
    return request.param


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this session's own; skipped where PostgreSQL is not installed."""
    try:
        cluster = Cluster(durable=False)
    except NoPostgres as error:
        pytest.skip(f"not run: {error}")
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def _postgres_template(postgres: Cluster) -> str:
    """A database with empty tables, to be copied: quicker than making them for each test."""
    url = postgres.new_database()
    Warehouse(url).close()
    return url


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'w.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.new_database(request.getfixturevalue("_postgres_template"))
    yield url
    cluster.drop_database(url)


@pytest.fixture(scope="session")
def session_database_url(
    database_kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a database that many tests share one after the other; see `empty`."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'w.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.new_database(request.getfixturevalue("_postgres_template"))
    yield url
    cluster.drop_database(url)


def _empty(warehouse: Warehouse) -> None:
    try:
        _delete_all(warehouse)
    except IntegrityError:  # a server still kept facts of the test before, in the background
        _delete_all(warehouse)


def _delete_all(warehouse: Warehouse) -> None:
    with warehouse.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture(scope="session")
def empty() -> Callable[[Warehouse], None]:
    """Takes everything out of a warehouse's database."""
    return _empty


@contextmanager
def _locked_by_another(url: str) -> Iterator[None]:
    other = create_engine(url)
    with other.connect() as connection:
        if other.dialect.name == "sqlite":
            connection.connection.dbapi_connection.isolation_level = None
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE stores IN ACCESS EXCLUSIVE MODE")
        yield
        connection.exec_driver_sql("ROLLBACK")
    other.dispose()


@pytest.fixture
def locked_by_another() -> Callable[[str], AbstractContextManager[None]]:
    """While its block runs, somebody else holds the database of an address and nobody can write to it."""
    return _locked_by_another


@pytest.fixture(scope="session")
def empty_warehouse(session_database_url: str, database_kind: str) -> Callable[..., Warehouse]:
    """Opens an empty warehouse, for tests that need many; one at a time, closed by whoever asked.

    Its only argument is the clock.
    """

    def make(clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Warehouse:
        opened = Warehouse("sqlite://" if database_kind == "sqlite" else session_database_url, clock=clock)
        if database_kind != "sqlite":
            _empty(opened)
        return opened

    return make
