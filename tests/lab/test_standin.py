"""The stand-in in booted machines: what only systemd can show. The cluster's own behaviour is tested in tests/lab/standin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.settings import Network
from lab.standin import build_release
from tests.lab import driver
from tests.lab.hosts import KUBECTL, Host, boot, machines
from tests.lab.standin.processes import VERSION, until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("standin"), pytest.mark.slow]
SERVER, AGENT = "10.67.0.11", "10.67.0.21"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machines(tmp_path_factory.mktemp("machines"), [Network("vmbr0", "10.67.0.1/24")], "emulated") as folder:
        boot(folder, 1, "server1", [SERVER])
        boot(folder, 2, "agent1", [AGENT])
        yield folder


@pytest.fixture(scope="module")
def tarball(folder: Path) -> Path:
    return build_release(folder / "release", VERSION)


@pytest.fixture(scope="module")
def server(folder: Path, tarball: Path) -> Host:
    host = Host(folder, SERVER)
    host.install(tarball, f"token: secret\nagent-token: weaker\nnode-ip: {SERVER}\n")
    return host


@pytest.fixture(scope="module")
def agent(folder: Path, tarball: Path) -> Host:
    host = Host(folder, AGENT)
    host.install(tarball, f"token: weaker\nserver: https://{SERVER}:9345\nnode-ip: {AGENT}\n")
    return host


def test_an_agent_s_start_blocks_until_it_has_joined(server: Host, agent: Host) -> None:
    assert agent.run("systemctl start --no-block rke2-agent")[0] == 0
    until("it tells why it waits", lambda: "Failed to validate connection to cluster at" in agent.run("journalctl -u rke2-agent")[1], 30)
    assert agent.run("systemctl is-active rke2-agent")[1] == "activating\n"


@pytest.mark.proves("feature RKE2's configuration")
def test_a_server_s_start_returns_when_its_api_is_ready(server: Host, agent: Host) -> None:
    assert server.run("systemctl enable --now rke2-server")[0] == 0
    assert server.run(f"{KUBECTL} get --raw /readyz") == (0, "ok")
    until("the agent is up", lambda: agent.answers("systemctl is-active rke2-agent"), 30)
    until("both are Ready", lambda: server.answers(f"{KUBECTL} wait --for=condition=Ready node/server1 node/agent1 --timeout=4s"), 20)


def test_a_machine_is_server_or_agent_never_both(server: Host) -> None:
    server.run("systemctl start rke2-agent")
    assert server.run("systemctl is-active rke2-agent rke2-server")[1] == "inactive\nactive\n"


def test_a_killed_program_takes_etcd_and_the_api_with_it_and_comes_back(server: Host) -> None:
    pids = server.run("pgrep -x 'etcd|kube-apiserver'")[1].split()
    assert len(pids) == 2
    server.run("systemctl kill --kill-whom=main --signal=KILL rke2-server")
    until("they are gone", lambda: not server.answers(f"kill -0 {pids[0]} || kill -0 {pids[1]}"), 5)
    until("it is ready again", lambda: server.run(f"{KUBECTL} get --raw /readyz") == (0, "ok"), 40)


def test_a_machine_without_power_is_seen_as_lost_and_comes_back_by_itself(folder: Path, server: Host, agent: Host) -> None:
    agent.run("systemctl enable rke2-agent")
    remote = driver.connect(folder / "lab")
    remote.stop(2)
    lost = f"{KUBECTL} wait --for=condition=Ready=Unknown node/agent1 --timeout=4s"
    until("its lease ran out", lambda: server.answers(lost), 80)
    boot(folder, 2, "agent1", [AGENT])
    until("it is Ready again", lambda: server.answers(f"{KUBECTL} wait --for=condition=Ready node/agent1 --timeout=4s"), 60)


def test_stop_ends_everything_and_uninstall_leaves_nothing(server: Host) -> None:
    assert server.run("systemctl stop rke2-server")[0] == 0
    assert not server.answers("pgrep -x 'etcd|kube-apiserver|rke2'")
    assert server.run("/usr/local/bin/rke2-uninstall.sh")[0] == 0
    assert server.run("find / -xdev -name '*rke2*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/run/*'") == (0, "")
    assert not server.answers("systemctl cat rke2-server")
