"""The walk through cluster.yaml's texts that other tests rest on: it leaves none out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from stardock.plan.build import build
from stardock.spec import load_spec
from stardock.spec.api import Api
from tests import hostile_texts

pytestmark = pytest.mark.unit

_CHARTS = (
    *("KuredChart", "Metallb", "CertManager", "Ingress", "NfsCsi", "SmbCsi", "Longhorn", "ProxmoxCsi"),
    *("ArgoCd", "Flux", "PulumiOperator", "OwnChart"),
)
#: Of these another one is there: MetalLB, Longhorn, a network plugin that is not cilium, hosts.
_OTHERS = ("KubeVip.", "Piraeus.", "Egress.", "ProxmoxCloud.")
#: Places that refuse no text at all.
FREE: tuple[hostile_texts.Keys, ...] = (
    ("cloud_init", "user_data", "write_files", 0, "content"),
    ("pools", 2, "description"),
    ("hooks", "before_deploy", 0, "command"),
    ("distribution", "options", "kubelet-arg", 0),
)


def test_the_document_has_a_value_for_every_text_of_the_model() -> None:
    without = hostile_texts.model_texts() - hostile_texts.written_texts()
    instead = {"Api.external", "Distribution.channel"}  # in the place of its VIP, of its version
    instead |= {f"{one}.archive" for one in _CHARTS}  # in the place of its version
    instead |= {one for one in without if one.startswith(_OTHERS)}
    instead |= {"Addons.manifests"}  # names of files: tests/unit/addons
    instead |= {"Host.interface"}  # of k3s alone; its form takes no other text: tests/unit/spec/faults_of_hosts.py
    assert without == instead, "give each a value in tests/hostile_texts.py"


@pytest.mark.parametrize("name", hostile_texts.HOSTILE)
def test_an_address_of_the_api_takes_no_hostile_text(name: str) -> None:
    text = hostile_texts.HOSTILE[name]
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", text):
        with pytest.raises(ValidationError):
            Api.model_validate({"external": text})


@pytest.mark.parametrize("name", ["header", "expression", "quotes", "several documents"])
def test_every_free_place_holds_the_hostile_text_and_the_whole_can_be_planned(name: str, tmp_path: Path) -> None:
    ((_, data, planted),) = hostile_texts.hostile_documents(tmp_path, tmp_path / "canary", [name])
    texts = {one.keys: one.text for one in planted}
    whole = hostile_texts.HOSTILE[name].replace("CANARY", str(tmp_path / "canary"))
    assert {texts[keys].strip() for keys in FREE} == {whole.strip()}
    spec = load_spec(hostile_texts.write(data, tmp_path))
    plan, _ = build(spec, None, "cluster.yaml")
    assert [machine.name for machine in plan.machines] == ["lb1", "lb2", "server1", "server2", "server3", "agent1"]
