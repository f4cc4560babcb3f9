"""The same payload as k3s: what differs is what k3s' sources say."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.standin import build_release
from lab.standin.payload import flavor
from stardock.distributions import DISTRIBUTIONS
from stardock.distributions.founding import founding_keys

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def k3s(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Modules of the payload of a release of k3s, by their names."""
    program = build_release(tmp_path_factory.mktemp("release"), "v1.36.5+k3s1")
    sys.path.insert(0, str(program))
    try:
        yield lambda name: importlib.import_module(f"k3s_standin.{name}")
    finally:
        sys.path.remove(str(program))


def paths(k3s: Any, folder: Path) -> Any:
    return k3s("paths").Paths(folder, folder / "tools", folder / "data")


def test_places_ports_and_names_are_those_that_stardock_knows() -> None:
    for ours in (flavor.RKE2, flavor.K3S):
        known = DISTRIBUTIONS[ours.name]
        assert (known.mark, known.data_dir, known.supervisor_port) == (ours.mark, ours.data, ours.supervisor_port)
        assert known.api_port == flavor.API_PORT
        assert known.client == f"{ours.data}/{ours.programs}/kubectl"
        assert flavor.of(known.default_version) == ours


def test_every_key_of_k3s_that_stardock_writes_or_passes_on_is_known_and_no_other(k3s: Any) -> None:
    roles = {"s": "server", "a": "agent"}
    known = DISTRIBUTIONS["k3s"].keys.known()
    for letter, role in roles.items():
        assert set(k3s("config").known_keys(role)) == {name for name, key in known.items() if letter in key.roles}


def test_what_stardock_keeps_from_the_founding_on_is_held_against_other_servers() -> None:
    held = set(flavor.K3S.critical)
    assert set(founding_keys(DISTRIBUTIONS["k3s"])) - held == {"data-dir"}


def test_the_api_is_behind_the_one_port_and_tells_no_port_of_its_own(k3s: Any, tmp_path: Path) -> None:
    command = k3s("apiserver").command(paths(k3s, tmp_path), k3s("config").Config("server", {}), "10.0.0.1")
    assert {"--bind-address=127.0.0.1", "--secure-port=6444", "--endpoint-reconciler-type=none", "--anonymous-auth=false"} <= set(command)
    front = k3s("front").command(paths(k3s, tmp_path))
    assert "--listen=:6443" in front
    assert front[-4:] == ["/v1-k3s/", "/cacerts", "/ping", "/db/"]


def test_flannel_is_told_the_backend_the_networks_and_the_interface(k3s: Any, tmp_path: Path) -> None:
    given = {"flannel-backend": ("host-gw",), "flannel-iface": ("ens19",), "cluster-cidr": ("10.50.0.0/16", "fd00:42::/56")}
    config = k3s("config").Config("agent", given)
    k3s("flannel").configure(paths(k3s, tmp_path), config)
    told = json.loads((tmp_path / "data/agent/etc/flannel/net-conf.json").read_text())
    assert (told["Backend"], told["Network"], told["IPv6Network"]) == ({"Type": "host-gw"}, "10.50.0.0/16", "fd00:42::/56")
    assert "--iface=ens19" in k3s("flannel").command(paths(k3s, tmp_path), config, "agent1")
    assert (tmp_path / "data/agent/etc/cni/net.d/10-flannel.conflist").is_file()


def test_a_network_of_ones_own_is_looked_for_where_its_makers_put_it(k3s: Any, tmp_path: Path) -> None:
    none = k3s("config").Config("server", {"flannel-backend": ("none",)})
    assert k3s("networks").chosen(none) == "none"
    assert k3s("networks").places(paths(k3s, tmp_path), none) == (Path("/opt/cni/bin"), tmp_path / "etc/cni/net.d")


def test_dns_is_a_plain_manifest_under_k3s_names_and_disable_keeps_it_away(k3s: Any, tmp_path: Path) -> None:
    config = k3s("config").Config("server", {"service-cidr": ("10.60.0.0/16",)})
    made = k3s("charts").packaged(paths(k3s, tmp_path), config, "flannel")
    found = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(made["coredns"])}
    assert found["Service", "kube-dns"]["spec"]["clusterIP"] == "10.60.0.10"
    assert ("Deployment", "coredns") in found
    assert "rke2" not in made["coredns"]
    assert "{{" not in made["coredns"]
    disabled = k3s("config").Config("server", {"disable": ("traefik", "coredns")})
    assert list(k3s("charts").packaged(paths(k3s, tmp_path), disabled, "flannel")) == ["rolebindings"]


def test_the_shim_of_containers_is_a_file_of_its_own_below_the_data_folder_so_that_killall_knows_it(k3s: Any, tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name in ("kubectl", "containerd-shim-runc-v2"):
        (tmp_path / "tools" / name).write_text(name)
    k3s("unpacking").unpack(paths(k3s, tmp_path))
    shim = (tmp_path / "data/data/current/bin/containerd-shim-runc-v2").resolve()
    assert shim.is_relative_to(tmp_path / "data/data")
    assert (tmp_path / "data/data/current/bin/kubectl").resolve() == tmp_path / "tools/kubectl"
