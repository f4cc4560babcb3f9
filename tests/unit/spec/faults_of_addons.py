"""`addons`: ranges, names and versions that are none, secrets in values, files that are no charts and no manifests."""

from __future__ import annotations

from tests.unit.spec.conftest import Case
from tests.unit.spec.faults_of_plain_values import FLAG, last

POOL = "name: a, addresses: [192.168.1.200-192.168.1.209]"
PEER = "name: r, address: 192.168.1.1, asn: 64512, own_asn: 64513"
NFS = "name: a, server: nas, share: /x"
SMB = "name: a, source: '//nas/x', user: k, password_from: {env: P}"
CSI = "token_id: k@pve!c, token_secret_from: {env: S}"
GIT = "url: 'https://git.example.org/team/x.git'"
WAY = "name: a, pods: {app: x}, pool: agents"
SECRET = "looks like a secret, and the bundle and servers' manifests would hold it"
AWAY = "values_secrets: [{name: NAME, keys: [values.yaml]}]"


def addons(words: str, key: str, message: str, cure: str) -> Case:
    """Words of `addons`."""
    return last(f"addons: {{{words}}}", f"addons{key and '.'}{key}", message, cure)


def kured(words: str, key: str, message: str, cure: str) -> Case:
    """Words of `addons.kured`, which are those of all charts."""
    return addons(f"kured: {{{words}}}", f"kured{key and '.'}{key}", message, cure)


def pool(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a pool of MetalLB."""
    return addons(f"metallb: {{pools: [{{{words}}}]}}", f"metallb.pools[0]{key}", message, cure)


def peer(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a peer of MetalLB."""
    return addons(f"metallb: {{pools: [{{{POOL}, by: bgp}}], peers: [{{{words}}}]}}", f"metallb.peers[0].{key}", message, cure)


def nfs(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a class of NFS."""
    return addons(f"nfs_csi: {{classes: [{{{words}}}]}}", f"nfs_csi.classes[0]{key}", message, cure)


def smb(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a class of SMB."""
    return addons(f"smb_csi: {{classes: [{{{words}}}]}}", f"smb_csi.classes[0]{key}", message, cure)


def csi(words: str, key: str, message: str, cure: str) -> Case:
    """Words of Proxmox' CSI."""
    return addons(f"proxmox_csi: {{{words}}}", f"proxmox_csi{key}", message, cure)


def git(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a Git repository."""
    return addons(f"argo_cd: {{git: {{{words}}}}}", f"argo_cd.git{key}", message, cure)


def way(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a way out of the cluster."""
    cni = "cni: {plugin: cilium, kube_proxy: false, values: {egressGateway: {enabled: true}, bpf: {masquerade: true}}}"
    return last(f"addons: {{egress: [{{{words}}}]}}\n{cni}", f"addons.egress[0]{key}", message, cure)


def issuer(words: str, key: str, message: str, cure: str) -> Case:
    """Words of an issuer of cert-manager."""
    return addons(f"cert_manager: {{issuers: [{{{words}}}]}}", f"cert_manager.issuers[0]{key}", message, cure)


def chart(words: str, key: str, message: str, cure: str) -> Case:
    """Words of a chart of one's own."""
    return addons(f"charts: [{{{words}}}]", f"charts[0]{key}", message, cure)


ADDONS: dict[str, Case] = {
    "chart_in_words": kured("version: newest", "version", "`newest` is not a version of a chart", "1.2.3"),
    "chart_in_a_folder": kured("archive: charts/kured", "archive", "`charts/kured` is not a chart's archive", ".tgz"),
    "chart_that_is_not_there": kured("archive: kured.tgz", "archive", "the file `kured.tgz` does not exist", "relative to cluster.yaml"),
    "chart_of_two_versions": kured("archive: kured.tgz, version: 6.1.0", "", "the version is the archive's", "delete `version`"),
    "values_in_a_list": kured("values: [a]", "values", "is not a mapping", ""),
    "values_with_a_password": kured("values: {a: {adminPassword: x}}", "values", f"`a.adminPassword` {SECRET}", AWAY),
    "values_with_a_token": kured("values: {api-token: x}", "values", f"`api-token` {SECRET}", AWAY),
    "values_with_a_url_that_holds_one": kured("values: {url: 'https://me:x@h/'}", "values", f"`url` {SECRET}", AWAY),
    "values_with_a_password_in_digits": kured("values: {password: 12345678}", "values", f"`password` {SECRET}", AWAY),
    "values_with_a_cookie_secret": kured("values: {cookieSecret: x}", "values", f"`cookieSecret` {SECRET}", AWAY),
    "values_with_a_variable": kured(
        "values: {env: [{name: DB_PASSWORD, value: x}]}", "values", f"`env[0].value of DB_PASSWORD` {SECRET}", AWAY
    ),
    "values_with_passwords": kured("values: {passwords: [x]}", "values", f"`passwords[0]` {SECRET}", AWAY),
    "values_with_a_hook": kured("values: {configuration: {slackHookUrl: 'https://h/x'}}", "values", "slackHookUrl", AWAY),
    "secret_in_capitals": kured("values_secrets: [{name: A, keys: [a]}]", "values_secrets[0].name", "`A` is not a name of an object", ""),
    "secret_without_keys": kured("values_secrets: [{name: a, keys: []}]", "values_secrets[0].keys", "it is empty", "at least one"),
    "secret_with_a_blank_key": kured("values_secrets: [{name: a, keys: [a b]}]", "values_secrets[0].keys[0]", "not a key of a Secret", ""),
    "metallb_without_pools": addons("metallb: {}", "metallb.pools", "missing", ""),
    "metallb_with_no_pool": addons("metallb: {pools: []}", "metallb.pools", "it is empty", "at least one"),
    "pool_in_capitals": pool("name: A, addresses: [10.0.0.0/24]", ".name", "`A` is not a name of an object", "internal"),
    "pool_without_addresses": pool("name: a, addresses: []", ".addresses", "it is empty", "at least one"),
    "range_in_words": pool("name: a, addresses: [many]", ".addresses[0]", "`many` is neither a range", "192.168.1.200-192.168.1.220"),
    "range_in_short": pool("name: a, addresses: [10.0.0.5-9]", ".addresses[0]", "`10.0.0.5-9` is neither", "write 10.0.0.5-10.0.0.9"),
    "range_backwards": pool(
        "name: a, addresses: [10.0.0.9-10.0.0.5]", ".addresses[0]", "does not begin with its lower address", "write 10.0.0.5-10.0.0.9"
    ),
    "network_with_host_bits": pool("name: a, addresses: [10.0.0.9/24]", ".addresses[0]", "is neither a range", "write 10.0.0.0/24"),
    "pool_assigned_in_words": pool(f"{POOL}, auto_assign: maybe", ".auto_assign", *FLAG),
    "pool_by_l3": pool(f"{POOL}, by: l3", ".by", "`l3` is not one of l2, bgp", "l2"),
    "pool_by_bgp_on_an_interface": pool(f"{POOL}, by: bgp, interfaces: [ens18]", "", "`interfaces` is of L2", "delete it"),
    "pool_on_a_path": pool(f"{POOL}, interfaces: [/dev/eth0]", ".interfaces[0]", "`/dev/eth0` is not", ""),
    "pool_by_bgp_to_nobody": addons(f"metallb: {{pools: [{{{POOL}, by: bgp}}]}}", "metallb", "there is no peer", "add peers"),
    "peers_for_nothing": addons(
        f"metallb: {{pools: [{{{POOL}}}], peers: [{{{PEER}}}]}}", "metallb", "no pool is announced by it", "`by: bgp`"
    ),
    "two_pools_of_one_name": addons(f"metallb: {{pools: [{{{POOL}}}, {{{POOL}}}]}}", "metallb", "two pools are named `a`", "another name"),
    "pools_that_meet": addons(
        f"metallb: {{pools: [{{{POOL}}}, {{name: b, addresses: [192.168.1.209-192.168.1.210]}}]}}",
        "metallb.pools[1].addresses[0]",
        "192.168.1.209-192.168.1.210 of pool b overlaps with pool a",
        "do not meet",
    ),
    "peer_in_capitals": peer(PEER.replace("name: r", "name: R"), "name", "`R` is not a name of an object", "internal"),
    "peer_by_name": peer(PEER.replace("192.168.1.1", "router"), "address", "`router` is not an", "192.168.1.1"),
    "peer_of_as_0": peer(PEER.replace("asn: 64512", "asn: 0"), "asn", "AS number 0 is outside of 1 to 4294967295", "64512"),
    "peer_from_as_0": peer(PEER.replace("own_asn: 64513", "own_asn: 0"), "own_asn", "AS number 0 is outside", "64512"),
    "peer_at_port_0": peer(f"{PEER}, port: 0", "port", "port 0", ""),
    "peer_with_the_password_itself": peer(f"{PEER}, password_secret: 'geheim!'", "password_secret", "is not a name of an object", ""),
    "metallb_and_kube_vip": addons(
        f"metallb: {{pools: [{{{POOL}}}]}}, kube_vip: {{addresses: [192.168.1.230/31]}}",
        "kube_vip",
        "MetalLB and kube-vip would both hand out addresses",
        "delete `addons.metallb`",
    ),
    "kube_vip_without_addresses": addons("kube_vip: {}", "kube_vip.addresses", "missing", ""),
    "kube_vip_by_words": addons("kube_vip: {addresses: [many]}", "kube_vip.addresses[0]", "`many` is neither a range", "192.168.1.200"),
    "kube_vip_on_a_path": addons(
        "kube_vip: {addresses: [192.168.1.230/31], interface: /dev/eth0}", "kube_vip.interface", "`/dev/eth0` is not", ""
    ),
    "ingress_of_apache": addons("ingress: {controller: apache}", "ingress.controller", "`apache` is not one of traefik", "traefik"),
    "ingress_from_nowhere": addons("ingress: {source: web}", "ingress.source", "`web` is not one of distribution, chart", "distribution"),
    "ingress_of_a_release_that_is_the_distributions": addons(
        "ingress: {version: 41.3.0}", "ingress", "comes with its release, and takes no `version`", "write `source: chart`"
    ),
    "no_ingress_with_values": addons("ingress: {controller: none, values: {a: 1}}", "ingress", "has no `values`", "delete one of the two"),
    "no_ingress_of_a_chart": addons("ingress: {controller: none, source: chart}", "ingress", "has no `source`", "delete one of the two"),
    "two_ingresses": addons(
        "ingress: {}, charts: [{name: web, chart: 'oci://x/charts/traefik', version: 1.0.0}]",
        "charts[0]",
        "`web` is an ingress controller, traefik, and `addons.ingress` brings one already",
        "`controller: none`",
    ),
    "class_in_capitals": nfs(NFS.replace("name: a", "name: A"), ".name", "`A` is not a name of an object", "internal"),
    "class_by_default_in_words": nfs(f"{NFS}, default: maybe", ".default", *FLAG),
    "class_that_throws_away": nfs(f"{NFS}, reclaim: recycle", ".reclaim", "`recycle` is not one of delete, retain", "delete"),
    "class_with_two_options_in_one": nfs(
        f"{NFS}, mount_options: ['a,b']", ".mount_options[0]", "`a,b` is not an option of mount", "nfsvers"
    ),
    "nfs_at_a_url": nfs(NFS.replace("server: nas", "server: 'nfs://nas'"), ".server", "`nfs://nas` is not a host", "nas.home.arpa"),
    "nfs_of_no_path": nfs(NFS.replace("share: /x", "share: x"), ".share", "`x` is not a share of NFS", "/export"),
    "nfs_folder_from_the_root": nfs(f"{NFS}, folder: /y", ".folder", "`/y` is not a folder below the share", "pvc"),
    "nfs_folder_of_all_claims": nfs(
        f"{NFS}, folder: data", "", "deleting one would delete what others keep in `data`", "write folder: data/${pv.metadata.name}"
    ),
    "nfs_folder_of_claims_of_one_name": nfs(
        f"{NFS}, folder: '${{pvc.metadata.name}}'", "", "deleting one would delete what others keep", "reclaim: retain"
    ),
    "nfs_folder_of_names_that_run_together": nfs(
        f"{NFS}, folder: '${{pvc.metadata.namespace}}-${{pvc.metadata.name}}'", "", "several claims may have the same folder", "retain"
    ),
    "two_classes_of_one_name": addons(
        f"nfs_csi: {{classes: [{{{NFS}}}, {{{NFS}}}]}}", "nfs_csi", "two classes are named `a`", "another name"
    ),
    "smb_in_backslashes": smb(SMB.replace("//nas/x", "\\\\nas\\x"), ".source", "is not a share of SMB", "//nas.home.arpa"),
    "smb_user_with_a_domain": smb(SMB.replace("user: k", "user: 'HOME\\k'"), ".user", "is not a user's name", "kubernetes"),
    "smb_with_the_password_itself": smb(SMB.replace("{env: P}", "geheim"), ".password_from", "is not a mapping", ""),
    "smb_of_no_source": smb(SMB.replace("{env: P}", "{}"), ".password_from", "a secret has exactly one source", "env"),
    "smb_of_a_domain_with_a_blank": smb(f"{SMB}, domain: a b", ".domain", "`a b` is not a domain", "HOME"),
    "two_smb_classes_of_one_name": addons(
        f"smb_csi: {{classes: [{{{SMB}}}, {{{SMB}}}]}}", "smb_csi", "two classes are named `a`", "another name"
    ),
    "csi_by_a_user_alone": csi(
        "token_id: k@pve, token_secret_from: {env: S}", ".token_id", "`k@pve` is not the id of a token", "kubernetes@pve!csi"
    ),
    "csi_with_the_secret_itself": csi("token_id: k@pve!c, token_secret_from: 1234", ".token_secret_from", "is not a mapping", ""),
    "csi_in_a_region_with_a_blank": csi(f"{CSI}, region: a b", ".region", "`a b` is not a region", "home"),
    "csi_on_a_path": csi(f"{CSI}, classes: [{{name: a, datastore: /mnt}}]", ".classes[0].datastore", "`/mnt` is not", ""),
    "csi_with_ntfs": csi(
        f"{CSI}, classes: [{{name: a, datastore: aa, filesystem: ntfs}}]", ".classes[0].filesystem", "`ntfs` is not one of", "ext4"
    ),
    "two_csi_classes_of_one_name": csi(
        f"{CSI}, classes: [{{name: a, datastore: aa}}, {{name: a, datastore: bb}}]", "", "two classes are named `a`", "another name"
    ),
    "cloud_without_a_token": addons("proxmox_cloud: {}", "proxmox_cloud.token_id", "missing", ""),
    "longhorn_without_its_clients": addons(
        "longhorn: {}", "longhorn", "nodes lack what Longhorn mounts with: iscsi, nfs", "storage_clients: [iscsi"
    ),
    "longhorn_of_no_copy": addons("longhorn: {replicas: 0}", "longhorn.replicas", "replicas 0 is outside", "3"),
    "longhorn_on_a_path": addons("longhorn: {disk: /dev/sdb}", "longhorn.disk", "`/dev/sdb` is not a disk's name", "longhorn"),
    "longhorn_by_default_in_words": addons("longhorn: {default: x}", "longhorn.default", *FLAG),
    "piraeus_without_a_disk": addons("piraeus: {}", "piraeus.disk", "missing", ""),
    "piraeus_of_21_copies": addons("piraeus: {disk: d, replicas: 21}", "piraeus.replicas", "replicas 21 is outside of 1 to 20", "3"),
    "piraeus_thin_in_words": addons("piraeus: {disk: d, thin: x}", "piraeus.thin", *FLAG),
    "piraeus_of_a_class_in_capitals": addons(
        "piraeus: {disk: d, storage_class: P}", "piraeus.storage_class", "`P` is not a name", "internal"
    ),
    "piraeus_by_default_in_words": addons("piraeus: {disk: d, default: x}", "piraeus.default", *FLAG),
    "piraeus_that_throws_away": addons("piraeus: {disk: d, reclaim: x}", "piraeus.reclaim", "`x` is not one of delete, retain", ""),
    "pulumi_as_somebody_else": addons(
        "pulumi: {stack: {name: a/b/c, token_from: {env: T}, git: {url: 'ssh://me@h/x/y', key_from: {env: K}, known_hosts: h k}}}",
        "pulumi.stack",
        "the Pulumi operator logs in as git, and this URL names `me`",
        "write url: ssh://git@h/x/y",
    ),
    "git_by_scp": git(
        "url: 'git@git.example.org:team/x.git'",
        ".url",
        "`git@git.example.org:team/x.git` is no URL",
        "write ssh://git@git.example.org/team/x.git",
    ),
    "git_with_a_password": git("url: 'https://me:pw@git.example.org/x'", ".url", "holds a user, maybe with a password", "password_from"),
    "git_by_ftp": git("url: 'ftp://git.example.org/x'", ".url", "is not the URL of a Git repository", "https://"),
    "git_of_a_branch_with_a_blank": git(f"{GIT}, revision: a b", ".revision", "`a b` is not a branch", "main"),
    "git_in_a_folder_from_the_root": git(f"{GIT}, path: /x", ".path", "`/x` is not a folder of the repository", "clusters/home"),
    "git_of_half_a_user": git(f"{GIT}, user: me", "", "`user` and `password_from` belong together", "GIT_TOKEN"),
    "git_of_a_user_with_a_blank": git(f"{GIT}, user: a b, password_from: {{env: P}}", ".user", "`a b` is not a user's name", "robot"),
    "git_with_the_token_itself": git(f"{GIT}, user: me, password_from: ghp_x", ".password_from", "is not a mapping", ""),
    "git_by_ssh_without_a_key": git("url: 'ssh://git@h/x'", "", "ssh needs `key_from` and `known_hosts`", "deploy_key"),
    "git_by_ssh_with_the_key_itself": git("url: 'ssh://git@h/x', known_hosts: h k, key_from: k", ".key_from", "is not a mapping", ""),
    "git_by_https_with_a_key": git(f"{GIT}, key_from: {{env: K}}", "", "are for ssh, and this URL is none", "ssh://git@HOST/PATH"),
    "git_of_no_known_hosts": git("url: 'ssh://git@h/x', key_from: {env: K}, known_hosts: ''", ".known_hosts", "it is empty", ""),
    "flux_in_words": addons("flux: {interval: often}", "flux.interval", "`often` is not a duration", "10m"),
    "flux_of_git_by_scp": addons("flux: {git: {url: 'git@h:x'}}", "flux.git.url", "is no URL", "ssh://git@h/x"),
    "pulumi_of_a_name": addons(
        f"pulumi: {{stack: {{name: dev, git: {{{GIT}}}, token_from: {{env: T}}}}}}",
        "pulumi.stack.name",
        "`dev` is not a stack",
        "team/cluster/home",
    ),
    "pulumi_of_no_program": addons("pulumi: {stack: {name: a/b/c, token_from: {env: T}}}", "pulumi.stack.git", "missing", ""),
    "pulumi_with_the_token_itself": addons(
        f"pulumi: {{stack: {{name: a/b/c, git: {{{GIT}}}, token_from: pul-x}}}}", "pulumi.stack.token_from", "is not a mapping", ""
    ),
    "way_out_in_capitals": way(WAY.replace("name: a", "name: A"), ".name", "`A` is not a name of a way out", "partner"),
    "way_out_of_nobody": way(WAY.replace("{app: x}", "{}"), ".pods", "it is empty", ""),
    "way_out_of_a_namespace_in_capitals": way(f"{WAY}, namespace: A", ".namespace", "`A` is not a name of an object", "internal"),
    "way_out_through_no_pool": way(WAY.replace("pool: agents", "pool: moon"), ".pool", "no pool of that name is there", "write one of"),
    "way_out_to_words": way(f"{WAY}, destinations: [there]", ".destinations[0]", "`there` is not a network", "203.0.113.0/24"),
    "way_out_without_cilium": addons(
        f"egress: [{{{WAY}}}]", "egress", "only cilium without kube-proxy has an egress gateway", "plugin: cilium"
    ),
    "issuer_in_capitals": issuer("name: A, self_signed: true", ".name", "`A` is not a name of an object", "internal"),
    "issuer_of_nothing": issuer("name: a", "", "`a` is exactly one of `self_signed`", "self_signed: true"),
    "issuer_signed_in_words": issuer("name: a, self_signed: x", ".self_signed", *FLAG),
    "issuer_of_a_file": issuer("name: a, ca_secret: ca.pem", ".ca_secret", "`ca.pem` is not a name of an object", ""),
    "acme_without_an_address": issuer("name: a, acme: {email: me, ingress_class: x}", ".acme.email", "`me` is not an e-mail address", "@"),
    "acme_by_http": issuer(
        "name: a, acme: {email: m@x.org, directory: 'http://x', ingress_class: x}", ".acme.directory", "is not a directory", "letsencrypt"
    ),
    "acme_without_a_way": issuer("name: a, acme: {email: m@x.org}", ".acme", "one of `ingress_class` and `solvers`", "ingress_class"),
    "acme_in_capitals": issuer("name: a, acme: {email: m@x.org, ingress_class: X}", ".acme.ingress_class", "`X` is not a name", ""),
    "acme_with_a_token": issuer(
        "name: a, acme: {email: m@x.org, solvers: [{dns01: {cloudflare: {apiToken: x}}}]}", ".acme.solvers[0]", f"apiToken` {SECRET}", ""
    ),
    "metrics_in_words": addons("metrics_server: {enabled: x}", "metrics_server.enabled", *FLAG),
    "metrics_of_nobody": addons("metrics_server: {enabled: false, values: {a: 1}}", "metrics_server", "takes away", "delete one"),
    "metrics_with_a_password": addons("metrics_server: {values: {password: x}}", "metrics_server.values", f"`password` {SECRET}", ""),
    "upgrades_without_v": addons(
        "system_upgrade_controller: {version: 0.20.1}", "system_upgrade_controller.version", "`0.20.1` is not a release of it", "v0.20.1"
    ),
    "own_chart_in_capitals": chart("name: A, archive: a.tgz", ".name", "`A` is not a name of a release", "whoami"),
    "own_chart_of_nothing": chart("name: a", "", "`a` has exactly one of `chart` and `archive`", "archive: FILE.tgz"),
    "own_chart_without_a_name": chart("name: a, chart: ''", ".chart", "it is empty", ""),
    "own_chart_of_a_user": chart("name: a, chart: 'https://u:pw@h/a.tgz'", ".chart", "a chart without a user", "oci://"),
    "own_chart_from_nowhere": chart("name: a, chart: a, version: 1.0.0", "", "`a` is a name in a repository", "add `repo: https://...`"),
    "own_chart_from_two_places": chart(
        "name: a, chart: 'oci://x/a', repo: 'https://x', version: 1.0.0", "", "is a whole URL", "delete `repo`"
    ),
    "own_chart_by_ftp": chart("name: a, chart: a, repo: 'ftp://x', version: 1.0.0", ".repo", "is not the URL of a repository", "https://"),
    "own_chart_of_any_version": chart("name: a, chart: a, repo: 'https://x'", "", "`a` has no version", "add `version: 1.2.3`"),
    "own_chart_of_any_version_named_like_a_url": chart(
        "name: a, chart: httpbin, repo: 'https://x'", "", "`a` has no version", "add `version: 1.2.3`"
    ),
    "own_chart_in_a_namespace_in_capitals": chart("name: a, archive: a.tgz, namespace: A", ".namespace", "`A` is not a name", "internal"),
    "own_chart_first_in_words": chart("name: a, archive: a.tgz, bootstrap: x", ".bootstrap", *FLAG),
    "own_chart_that_is_ours": chart(
        "name: metallb, chart: a, repo: 'https://x', version: 1.0.0", ".name", "`metallb` is a HelmChart that Stardock", "another name"
    ),
    "own_chart_that_is_rke2s": chart(
        "name: rke2-canal, chart: a, repo: 'https://x', version: 1.0.0", ".name", "`rke2-canal` is a HelmChart that", "another name"
    ),
    "manifests_that_are_not_there": addons("manifests: [apps.yaml]", "manifests[0]", "the file `apps.yaml` does not exist", "relative"),
    "manifests_of_an_ending": addons("manifests: [apps.txt]", "manifests[0]", "`apps.txt` is neither a folder nor a manifest", ".yaml"),
}
