"""Files that a service reads, edited: who is told."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.bundle.readers import readers
from stardock.distributions.rke2 import RKE2
from stardock.model.facts import Facts
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

OPTIONS: dict[str, Any] = {
    "audit-policy-file": "/etc/kubernetes/audit.yaml",
    "kubelet-arg": ["config-dir=/etc/kubelet.d", "v=2"],
    "kube-apiserver-arg": "admission-control-config-file=/etc/admission.yaml",
    "kube-apiserver-extra-mount": ["/srv/keys:/srv/keys:ro"],
    "etcd-s3": True,
}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/etc/rancher/rke2/registries.yaml", "rke2"),
        ("/etc/rancher/rke2/config.yaml.d/90-own.yaml", "rke2"),
        ("/etc/default/rke2-server", "rke2"),
        ("/etc/sysconfig/rke2-agent", "rke2"),
        ("/var/lib/rancher/rke2/agent/etc/containerd/config.toml.tmpl", "rke2"),
        ("/var/lib/rancher/credentialprovider/config.yaml", "rke2"),
        ("/etc/kubernetes/audit.yaml", "rke2"),
        ("/etc/kubelet.d/10-own.conf", "rke2"),
        ("/etc/admission.yaml", "rke2"),
        ("/srv/keys/one", "rke2"),
        ("/srv/keysother", ""),
        ("/var/lib/rancher/rke2/server/manifests/own.yaml", ""),
        ("/etc/haproxy/errors/503.http", "haproxy"),
        ("/etc/keepalived/notify", "keepalived"),
        ("/etc/ssh/sshd_config.d/10-own.conf", "unit-ssh.service,unit-sshd.service"),
        ("/etc/chrony/conf.d/own.conf", "unit-chrony.service,unit-chronyd.service"),
        ("/etc/systemd/timesyncd.conf.d/own.conf", "unit-systemd-timesyncd.service"),
        # One after the other: it may take addresses and routes of others down, such as the virtual one.
        ("/etc/systemd/networkd.conf.d/own.conf", "unit-systemd-networkd.service"),
        ("/etc/systemd/resolved.conf", "unit-systemd-resolved.service"),
        ("/etc/sysctl.d/90-own.conf", "sysctl"),
        ("/etc/modules-load.d/own.conf", "unit-systemd-modules-load.service"),
        ("/etc/udev/rules.d/90-own.rules", "udev"),
        ("/etc/tmpfiles.d/own.conf", "tmpfiles"),
        ("/etc/systemd/system/own.service", "systemd,unit-own.service"),
        ("/etc/systemd/system/own.service.d/10.conf", "systemd,unit-own.service"),
        ("/etc/systemd/system/rke2-server.service.d/proxy.conf", "systemd,rke2"),
        ("/etc/systemd/system/haproxy.service.d/limits.conf", "systemd,haproxy"),
        ("/etc/systemd/system/srv.mount", "systemd"),
        ("/etc/systemd/system/$(id).service", "systemd"),
        ("/etc/motd", ""),
    ],
)
def test_who_is_told_of_a_file(path: str, told: str) -> None:
    assert readers(path, RKE2, OPTIONS) == told


@pytest.mark.proves("case 05-registries-later")
def test_registries_yaml_later_restarts_rke2_and_units_of_ours_restart_nothing() -> None:
    data = document()
    path = "/etc/rancher/rke2/registries.yaml"
    data["cloud_init"] = {"user_data": {"write_files": [{"path": path, "content": "mirrors: {}\n"}]}}
    data["pools"][2]["data_disks"] = [{"name": "data", "size": "1GiB", "mount": "/srv/data"}]
    files = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))["host_vars/agent1.yml"]["machine_files"]
    told = {file["path"]: file.get("applies") for file in files}
    assert told[path] == "rke2"
    assert {told[name] for name in told if name.startswith("/etc/systemd/system/")} == {"systemd"}
