"""What Stardock knows of a Kubernetes: its releases, where its files lie, how its services and ports are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from stardock.distributions.keys import Keys
from stardock.distributions.network import NO_PLUGIN, Network, primary
from stardock.distributions.release import Release, release, tag_pattern
from stardock.distributions.selinux import Confinement

NodeRole = Literal["server", "agent"]
#: As releases call them.
Architecture = Literal["amd64", "arm64"]

#: By what servers know a machine again (k3s, pkg/agent/config: `ensureNodePassword`); where the configuration lies changes nothing here.
NODE_PASSWORD = "/etc/rancher/node/password"  # noqa: S105 -- a path

#: Of the Secret in which servers read how S3 is spoken to (k3s, pkg/etcd/s3; RKE2 has it from there).
S3_SECRET_TYPE = "etcd.k3s.cattle.io/s3-config-secret"  # noqa: S105 -- a type


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """Since when a file may say who is anonymous: minor -> first release; later minors always could, earlier ones never."""

    first: Mapping[tuple[int, int], str]
    source: str  # the issue


@dataclass(frozen=True, slots=True)
class ReleaseFiles:
    """Of a release, by processor: what is installed, the sums beside it, its images as a pattern of the shell."""

    archive: str
    checksums: str
    images: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes:
    """A distribution of Kubernetes. Everything that differs between them is here, so that nobody else asks for a distribution's name.

    Machines learn it from the inventory, as `kubernetes_*`: only the distribution's own role, which has its `name`, knows more. Folders
    are absolute paths on a machine, without a slash at their end.
    """

    name: str  # in cluster.yaml; its service is told of files under this name (`stardock.bundle.readers`)
    title: str  # as its makers call it

    mark: str  # what stands between `+` and the revision in the tag of a release
    default_version: str  # the stable channel's release when this was set, for new clusters; never chosen at run time
    unrecorded: str | None  # the release of its clusters in locks that were written before releases were recorded
    channels: str  # URL of the list of its channels, and the release that each is at
    releases: str  # URL of the page of all of them, without a slash at its end
    archive: str  # the file of a release that is installed: a tarball, or the program itself
    checksums: str  # the file beside it, as sha256sum writes it
    image_archives: str  # what is imported on machines that reach no registry: file names of a release, as a pattern of the shell
    arm64: ReleaseFiles  # the same three for that processor: those above are for amd64, as all machines are
    unpacked_mib: int  # what a release and the images of a node take at the least: an estimate, since no maker says

    keys: Keys  # of config.yaml
    services: Mapping[NodeRole, str]  # units of systemd
    config_dir: str
    data_dir: str
    kubeconfig: str  # the administrator's, on a server
    client: str  # its kubectl, on a server that was started once
    other_prefix: str  # where its program lies where /usr/local takes none
    avoids_mounts: bool  # whether a /usr/local that is a file system of its own counts as such
    environment_files: Mapping[NodeRole, str]  # for a proxy and the like
    read_files: tuple[str, ...]  # beginnings of further paths that its services read
    installed_files: tuple[str, ...] = ()  # units and scripts that its role writes, since no release brings them
    sysctl_file: str  # ours: what a profile demands of the kernel

    api_port: int  # a server's own
    supervisor_port: int  # where machines join
    network_plugin: str  # where cluster.yaml names none
    network_plugins: Callable[[Mapping[str, Any]], tuple[str, ...]]  # the plugins that it installs, from its options
    network: Network  # what `cni` of cluster.yaml comes to
    founding: Mapping[str, str]  # what a cluster keeps, beside networks and name servers -> what it is where its options say nothing
    founds_with: Mapping[str, Any] = field(default_factory=dict)  # further keys of every server's config.yaml
    interface_key: str = ""  # the key that names the interface of its network plugin; empty: nobody needs to tell it
    anonymous: Anonymous
    chart_names: tuple[str, ...]  # how names of HelmCharts that it brings begin
    metrics_server: str  # what `disable` calls the one that it brings
    metrics_chart: str = ""  # the chart that it is from; empty: plain manifests, which take no values
    external_cloud: Mapping[str, Any]  # the options by which nodes wait for a cloud controller that is none of its own
    ingress_charts: Mapping[str, str]  # ingress controllers that it brings -> the chart of each
    ingress_option: str = ""  # the option that names one of them, or none; empty: `disable` takes its only one away, by its chart's name
    ingress_ends: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # controller -> from which minor on not alone
    default_class: str = ""  # the StorageClass that it brings as the default one
    local_storage: str = ""  # what `disable` calls that
    service_lb: str = ""  # what `disable` calls its own addresses for Services, where they are on by default
    server_memory_mib: int  # its makers' minimum of a server
    control_plane_mib: int  # what the static pods of a server request
    uninstall: Mapping[NodeRole, str]  # the command that empties a machine
    reset: str  # the command by which one server becomes the whole cluster, from a snapshot
    confinement: Confinement  # its SELinux policy

    def release(self, text: str) -> Release | None:
        """Read a tag of its releases; None for anything else, however long."""
        found = release(text)
        return found if found is not None and found.mark == self.mark else None

    @property
    def tags(self) -> str:
        """The tags of its releases, as a regular expression."""
        return tag_pattern(self.mark)

    @property
    def tag_form(self) -> str:
        """The same for people."""
        return f"vX.Y.Z+{self.mark}N"

    def files_for(self, architecture: Architecture) -> ReleaseFiles:
        """The files of a release for a processor."""
        return self.arm64 if architecture == "arm64" else ReleaseFiles(self.archive, self.checksums, self.image_archives)

    def archive_url(self, version: str, architecture: Architecture = "amd64") -> str:
        """Where a release's file lies; the `+` of a version must be escaped in a path."""
        return f"{self.releases}/download/{quote(version)}/{self.files_for(architecture).archive}"

    def has_network(self, options: Mapping[str, Any]) -> bool:
        """Whether it brings a network plugin: without one no node is Ready until the user's own is there."""
        return self.network_plugins(options) != (NO_PLUGIN,)

    def plugin(self, options: Mapping[str, Any]) -> str:
        """The plugin that gives pods their network."""
        return primary(self.network_plugins(options))

    @property
    def written_files(self) -> tuple[str, ...]:
        """The files that its role writes."""
        names = ("config.yaml", "config.yaml.d/50-join.yaml", "authentication.yaml", "token", "agent-token")
        return (*(f"{self.config_dir}/{name}" for name in names), *self.api_server_files.values(), *self.installed_files)

    @property
    def api_server_files(self) -> Mapping[str, str]:
        """Argument of the API server's -> the file of ours that it names."""
        return {
            "audit-policy-file": f"{self.config_dir}/stardock-audit.yaml",
            "admission-control-config-file": f"{self.config_dir}/stardock-pod-security.yaml",
        }

    @property
    def registries(self) -> str:
        """The file that says where images come from, and that users write."""
        return f"{self.config_dir}/registries.yaml"

    @property
    def registry_authorities(self) -> str:
        """Ours beside it: certificates of the authorities that vouch for registries."""
        return f"{self.config_dir}/stardock-registries.pem"

    @property
    def server_dir(self) -> str:
        """Holds a server's keys. It is made for root alone; one that is there is left as it is (k3s, pkg/daemons/control/server.go)."""
        return f"{self.data_dir}/server"

    @property
    def manifests(self) -> str:
        """What lies there on a server is applied (its deploy controller)."""
        return f"{self.server_dir}/manifests"

    def node_password(self, node: str) -> str:
        """The Secret of kube-system by which servers know an agent again (k3s, pkg/nodepassword)."""
        return f"{node}.node-password.{self.name}"
