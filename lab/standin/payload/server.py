"""`server`: the steps of a server's start, in order."""

from __future__ import annotations

import threading
from functools import partial

from . import (
    apiserver,
    certificates,
    cluster,
    credentials,
    etcd,
    front,
    hardening,
    https,
    kubeconfig,
    machine,
    members,
    networks,
    passwords,
    snapshots,
    supervisor,
    systemd,
)
from .config import Config
from .flavor import DOMAIN, OURS, SERVICE_CIDR
from .join import ConflictError, Entrance, JoinError
from .journal import FatalError, log
from .kube import Kube, KubeError
from .nodes import components_of, node_of
from .overseer import Overseer
from .paths import Paths

LOCAL = ("127.0.0.1",)
ADMIT_SECONDS = 2.0


class Server:
    """One server; `run` returns when `ending` is set, and takes etcd and the API with it."""

    def __init__(self, paths: Paths, config: Config, ending: threading.Event) -> None:
        self._paths = paths
        self._config = config
        self._ending = ending
        self._identity = machine.identity(config)
        self._node = node_of(paths, config, self._identity, ending)
        self._components = components_of(paths, self._node)
        self._children = self._node.children
        self._shared = cluster.shared(config)
        self._ready = threading.Event()

    def run(self) -> None:
        """Raises FatalError, StoppedError."""
        try:
            self._start()
            systemd.ready()
            log("info", f"{OURS.name} is up and running")
            self._children.wait_for_end()
        finally:
            self._children.stop()

    def _start(self) -> None:
        networks.check_families(self._shared["cluster-cidr"], self._shared["service-cidr"], self._identity.addresses)
        entrance = cluster.find(self._paths, self._config).entrance
        passwords = credentials.settle(self._paths, self._config)
        self._make_certificates()
        self._serve(passwords)  # as in the real one, that answers before this server is a member
        if OURS.static_pods:
            self._start_node()
        self._start_etcd(entrance)
        self._start_api()
        if not OURS.static_pods:
            self._start_node()
        self._node.run_controllers(self._components, self._shared["cni"])
        self._register()
        self._check_password()
        self._ready.set()

    def _make_certificates(self) -> None:
        config, node, address = self._config, self._identity.name, self._identity.address
        service = config.items("service-cidr", (SERVICE_CIDR,))[0]
        domain = config.text("cluster-domain", DOMAIN)
        names = certificates.api_names(node, address, config.items("tls-san"), service, domain)
        certificates.for_server(self._paths.tls, node, address, names)
        certificates.for_node(self._paths.tls, self._paths.agent, node, self._identity.addresses)

    def _serve(self, passwords: credentials.Passwords) -> None:
        users = {"server": passwords.server, "node": passwords.node}
        snapshot = partial(snapshots.take, self._paths, self._config, self._identity.name)
        supervisor.serve(supervisor.Desk(self._paths, users, self._shared, self._ready, self._admin, snapshot))
        if OURS.one_port:
            self._components.run("front", front.command(self._paths))

    def _start_node(self) -> None:
        self._node.start("etcd server to become available")
        self._node.install_network(self._shared["cni"])

    def _start_etcd(self, entrance: Entrance | None) -> None:
        name, address = etcd.member_name(self._paths, self._identity.name), self._identity.address
        initial = f"{name}={etcd.peer_url(address)}" if entrance is None else self._admitted(entrance, name)
        state = "new" if entrance is None else "existing"
        log("info", self._etcd_words(entrance, initial))
        etcd.configure(self._paths, name, address, cluster=initial, state=state, extra=self._config.items("etcd-arg"))
        self._components.run("etcd", etcd.command(self._paths))
        self._children.wait("etcd server to become available", self._votes)

    def _etcd_words(self, entrance: Entrance | None, initial: str) -> str:
        if self._paths.has_etcd_data():
            return "Starting etcd for existing cluster member"
        return (
            f"Starting etcd to join cluster with members [{initial}]" if entrance else "Starting etcd for new cluster, cluster-reset=false"
        )

    def _admitted(self, entrance: Entrance, name: str) -> str:
        """Wait for our place among the members; only one learner at a time gets one."""
        initial = ""

        def ask() -> bool:
            nonlocal initial
            initial = self._asked(entrance, name)
            return bool(initial)

        self._children.wait(f"{entrance.place} to add this server to etcd", ask, ADMIT_SECONDS)
        return initial

    def _asked(self, entrance: Entrance, name: str) -> str:
        try:
            return entrance.add_member(name, self._identity.name, self._identity.address)
        except ConflictError as error:
            (self._paths.etcd / "name").unlink(missing_ok=True)
            raise FatalError(f"ETCD join failed: {error}") from error
        except JoinError as error:
            log("info", f"Waiting for other members to finish joining etcd cluster: {error}")
            return ""

    def _votes(self) -> bool:
        try:
            status = etcd.Etcd(self._paths).status()
        except etcd.EtcdError:
            return False
        return not status.learner and status.leader != "0"

    def _start_api(self) -> None:
        Overseer(self._paths, self._admin(), self._ending, judges=self._node.emulated).start()
        self._components.forget("kube-apiserver")
        command = apiserver.command(self._paths, self._config, self._identity.address)
        log("info", f"Running kube-apiserver {' '.join(command[1:])}")
        self._components.run("kube-apiserver", command, apiserver.refusing(self._config))
        self._children.wait("API server to become available", lambda: apiserver.is_ready(self._paths))
        log("info", "Kube API server is now running")
        kubeconfig.write_kubeconfig(self._paths, self._config)
        if not OURS.is_one_file:
            kubeconfig.link_kubectl(self._paths)

    def _register(self) -> None:
        context = https.trust(self._paths.tls / "server-ca.crt", self._paths.agent / "client-kubelet")
        self._node.join(f"control-plane node {self._identity.name} startup", Kube(context, LOCAL))
        member = etcd.member_name(self._paths, self._identity.name)
        members.mark_server(self._admin(), self._identity.name, member, self._identity.address)
        if OURS.has_profiles and self._config.text("profile") == "cis" and not self._node.emulated:
            hardening.Hardener(self._admin(), self._ending).start()

    def _check_password(self) -> None:
        """Servers take their own certificate before the API runs, so their password is looked at afterwards and refuses nothing."""
        node = self._identity.name
        try:
            passwords.ensure(self._admin(), node, passwords.own(self._paths))
        except (passwords.PasswordError, KubeError) as error:
            log("warning", f"NodePasswordValidationFailed: Deferred node password secret validation failed for {node}: {error}")

    def _admin(self) -> Kube:
        return Kube(https.trust(self._paths.tls / "server-ca.crt", self._paths.tls / "client-admin"), LOCAL)
