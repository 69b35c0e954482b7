"""The engines that tests may ask for: a Kafka for each module, a document server for each process, on demand.

Where `EARSHOT_KAFKA_BOOTSTRAP_SERVERS` or `EARSHOT_MONGODB_URI` is set, tests use that engine instead.
Topics are shared by the tests of a module, so each test takes organizations and databases of its own.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from deploy.local.documents_probe import mongodb_answers
from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.lockfile import read_lock
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from tests.engines.choice import kafka_is_contained, present_engines, running_engine, said
from tests.engines.contained_kafka import contained_kafka
from tests.engines.differences import nothing_to_ask, reason_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.engines.choice import EngineName


# A busy machine makes an example slow, which says nothing of the code: no test asserts on time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_INTEGRATION = Path(__file__).parent / "integration"


def pytest_report_header() -> list[str]:
    """Say at the top of a run which engines the tests will meet."""
    local = LocalSettings()
    kafka = local.kafka_bootstrap_servers or f"Apache Kafka {read_lock().kafka_version}, started on demand"
    documents = "named by EARSHOT_MONGODB_URI" if local.mongodb_uri else "our own, started on demand"
    return [f"kafka: {kafka}", f"document server: {documents}"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run say which document engines the tests go over."""
    parser.addoption(
        "--engines",
        choices=("own", "all"),
        default="own",
        help="own: this project's document server and local mode's Kafka; all: every document server that"
        " can be met here, and Kafka's own image where Docker answers; of the integration tests only those"
        " that meet one of these",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the end which engines were met, and why the others were not."""
    if config.getoption("--engines") == "all":
        terminalreporter.section("engines")
        for line in said():
            terminalreporter.line(line)


def pytest_configure() -> None:
    """Print log lines plainly: structlog's own tracebacks show every local, which takes seconds each."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ]
    )


@pytest.fixture(scope="module")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the bootstrap servers of a broker that makes no topic by itself; of which, the run has chosen.

    A module has its own, which costs a second or two: services read every topic from its beginning, so
    what one module publishes would be work, and dead letters, for the next.
    """
    local = LocalSettings()
    if local.kafka_bootstrap_servers:
        yield local.kafka_bootstrap_servers
        return
    if _meets_contained_kafka(request.config):
        with contained_kafka() as servers:
            yield servers
        return
    folder = tmp_path_factory.mktemp("kafka")
    node = planned_node(
        folder=folder,
        log_file=folder / "kafka.log",
        address=BrokerAddress(*free_ports(2)),
        cache_dir=local.cache_dir,
    )
    prepare_node(node, local.cache_dir, SilentReporter())
    servers = node.address.bootstrap_servers
    with running(node.command(), lambda: kafka_answers(servers), output=folder / "output.txt"):
        yield servers


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where a run has chosen all engines, run what asks for a document server over each that is there."""
    every = metafunc.config.getoption("--engines") == "all" and not LocalSettings().mongodb_uri
    if every and "mongodb_uri" in metafunc.fixturenames:
        metafunc.parametrize("mongodb_uri", present_engines(), indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect listed differences of other engines, and leave out what no engine is chosen for."""
    for item in items:
        reason = reason_for(item.name)
        if reason is not None:
            # Strict: a difference that is none any more fails.
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        if (apart := nothing_to_ask(item.name)) is not None:
            item.add_marker(pytest.mark.skip(reason=apart))
    if config.getoption("--engines") == "all":
        config.hook.pytest_deselected(items=[item for item in items if _is_apart(item)])
        items[:] = [item for item in items if not _is_apart(item)]


def _is_apart(item: pytest.Item) -> bool:
    """Whether this is an integration test that meets no engine but those that `make test` meets."""
    fixtures = set(item.fixturenames) if isinstance(item, pytest.Function) else set()
    engines = {"mongodb_uri", "kafka"} if _meets_contained_kafka(item.config) else {"mongodb_uri"}
    return _INTEGRATION in item.path.parents and not engines & fixtures


def _meets_contained_kafka(config: pytest.Config) -> bool:
    every = config.getoption("--engines") == "all" and not LocalSettings().kafka_bootstrap_servers
    return every and kafka_is_contained()


@pytest.fixture(scope="session")
def engine_named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[EngineName], str]]:
    """Yield what tells an engine's address: started when it is first asked for, it runs to the end."""
    with ExitStack() as stack:

        @cache
        def address(name: EngineName) -> str:
            return stack.enter_context(running_engine(name, tmp_path_factory.mktemp(name)))

        yield address


@pytest.fixture(scope="session")
def mongodb_uri(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    engine_named: Callable[[EngineName], str],
) -> Iterator[str]:
    """Yield the URI of a document server that speaks MongoDB's protocol; of which, the run has chosen."""
    local = LocalSettings()
    if local.mongodb_uri:
        yield local.mongodb_address
        return
    if (chosen := getattr(request, "param", None)) is not None:
        yield engine_named(chosen)
        return
    folder = tmp_path_factory.mktemp("documents")
    (port,) = free_ports(1)
    uri = f"mongodb://127.0.0.1:{port}"
    command = (
        sys.executable,
        "-m",
        "deploy.local.documents",
        "--port",
        str(port),
        "--directory",
        str(folder),
    )
    with running(command, lambda: mongodb_answers(uri), output=folder / "output.txt"):
        yield uri
