from __future__ import annotations

import pytest

from lab.standin.payload import options
from lab.standin.payload.config import Config
from lab.standin.payload.journal import FatalError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("keys", "words"), [
    ({"cloud-provider-name": "vsphere", "node-external-ip": "1.2.3.4"}, "can't set node-external-ip while using cloud provider"),
    ({"cloud-provider-config": "/etc/cloud.conf"}, "--cloud-provider-config requires --cloud-provider-name"),
    ({"control-plane-resource-requests": "kube-apiserver-cpu=1,kube-scheduler-cpu"}, "resource request specified: kube-scheduler-cpu"),
    ({"control-plane-resource-limits": "x"}, "resource limit specified: x"), ({"node-ip": "10.0.0.999"}, "invalid ip format '10.0.0.999'"),
    ({"cluster-cidr": "10.42.0.0/33"}, "invalid cluster-cidr 10.42.0.0/33"), ({"service-cidr": "x"}, "invalid CIDR address: x"),
])  # fmt: skip
def test_what_rke2_refuses_before_it_starts_anything_is_refused(keys: dict[str, str], words: str) -> None:
    with pytest.raises(FatalError) as caught:
        options.check(Config("server", {key: (value,) for key, value in keys.items()}))
    assert words in str(caught.value)


def test_other_keys_are_not() -> None:
    keys = {
        "cloud-provider-name": "vsphere",
        "control-plane-resource-requests": "a=1,b=2",
        "node-ip": "10.0.0.1",
        "cluster-cidr": "10.42.0.0/16",
    }
    options.check(Config("server", {key: (value,) for key, value in keys.items()}))
