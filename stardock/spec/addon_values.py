"""Values of charts: no secret may be among them, since the bundle and each server's folder of manifests hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from stardock.spec.private_key import MARK
from stardock.spec.section import Section, broken
from stardock.spec.units import Form

#: Ends of names of values that hold a secret themselves, without `-` and `_`. Names of Secrets end in name, ref or key path.
_SECRET = re.compile(
    r"(pass(word|wd|phrase)|token|api(token|key)|(private|secret|access)key|(?<!existing)(?<!pull)(?<!tls)secret|(web)?hookurl|notifyurl)$"
)
#: The same for lists of them.
_SECRETS = re.compile(r"(pass(word|wd|phrase)|token)s\[")
#: A variable that another one fills (kubernetes/kubernetes, third_party/forked/golang/expansion).
_REFERENCE = re.compile(r"\$\([^)]+\)")
_USER = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]+:[^/@\s]+@")

#: A name of an object of Kubernetes (RFC 1123).
OBJECT = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
#: The same, short enough for what is named after it: helm-controller's Job, whose name is a label of its pod.
SHORT = r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?"
ObjectName = Annotated[str, Form(OBJECT, "a name of an object of Kubernetes", "internal")]
ReleaseName = Annotated[str, Form(SHORT, "a name of a release: a-z, 0-9 and -, at most 50", "whoami")]
SecretKey = Annotated[str, Form(r"[A-Za-z0-9._-]{1,253}", "a key of a Secret", "values.yaml")]


class ValuesSecret(Section):
    """A Secret of kube-system that holds further values, which the cluster reads by itself; it wins over `values`."""

    name: ObjectName = Field(description="name of the Secret, in kube-system; yours to make")
    keys: tuple[SecretKey, ...] = Field(description="its keys, each with values as YAML", min_length=1)


def secrets_in(values: Any, path: str = "") -> Iterator[str]:
    """The paths of texts and numbers that look like secrets, by their names or as pairs of `name` and `value`."""
    if isinstance(values, Mapping):
        yield from pairs_in(values, path)
        for key, value in values.items():
            yield from secrets_in(value, f"{path}.{key}" if path else str(key))
    elif isinstance(values, list | tuple):
        for i, value in enumerate(values):
            yield from secrets_in(value, f"{path}[{i}]")
    elif isinstance(values, str | int | float) and not isinstance(values, bool) and _is_secret(path, values):
        yield path


def pairs_in(values: Mapping[Any, Any], path: str) -> Iterator[str]:
    """The path of one variable of an environment, where it looks like a secret."""
    name, value = values.get("name"), values.get("value")
    if not isinstance(name, str) or not isinstance(value, str | int | float) or isinstance(value, bool):
        return
    if _is_secret(name.replace("[", ""), value) and not _REFERENCE.fullmatch(str(value)):
        yield f"{path}.value of {name}" if path else f"value of {name}"


def _is_secret(path: str, value: str | float) -> bool:
    text, last = str(value), path.rpartition(".")[2].lower()
    named = _SECRET.search(re.sub(r"[^a-z]", "", last)) or _SECRETS.search(last)
    return bool(value) and (MARK in text or _USER.search(text) is not None or named is not None)


def without_secrets(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are."""
    found = next(secrets_in(values), None)
    if found is not None:
        cure = (
            "put it as YAML into a Secret (kubectl -n kube-system create secret generic NAME --from-file=values.yaml),"
            " and write values_secrets: [{name: NAME, keys: [values.yaml]}] in its place"
        )
        raise broken(f"`{found}` looks like a secret, and the bundle and servers' manifests would hold it", cure)
    return values


Values = Annotated[dict[str, Any], AfterValidator(without_secrets)]
