"""Keys of charts' values, written down from their values.yaml at the pinned release: what we set, and what is around it.

`*` stands for any further key, where a chart takes a mapping of the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping


def keys(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


CHARTS: Mapping[str, frozenset[str]] = {
    # traefik/traefik-helm-chart, traefik/values.yaml (41.3.0)
    "traefik": keys(
        """
        image commonLabels deployment deployment.kind deployment.replicas podDisruptionBudget ingressClass ingressClass.enabled
        ingressClass.isDefaultClass ingressClass.name core experimental gateway gatewayClass api ingressRoute updateStrategy
        updateStrategy.type updateStrategy.rollingUpdate updateStrategy.rollingUpdate.maxUnavailable updateStrategy.rollingUpdate.maxSurge
        readinessProbe livenessProbe startupProbe providers volumes additionalVolumeMounts log accessLog metrics ocsp tracing global
        additionalArguments env envFrom ports ports.web ports.web.port ports.web.hostPort ports.websecure ports.websecure.port
        ports.websecure.hostPort tlsOptions tlsStore service service.enabled service.spec service.spec.type autoscaling persistence
        certificatesResolvers hostNetwork rbac serviceAccount serviceAccountAnnotations resources affinity nodeSelector tolerations
        topologySpreadConstraints priorityClassName securityContext podSecurityContext extraObjects namespaceOverride
        instanceLabelOverride versionOverride nameOverride fullnameOverride hub
        """
    ),
    # kubernetes/ingress-nginx, charts/ingress-nginx/values.yaml (4.15.1)
    "ingress-nginx": keys(
        """
        global namespaceOverride commonLabels controller controller.kind controller.hostNetwork controller.hostPort
        controller.hostPort.enabled controller.ingressClass controller.ingressClassResource controller.ingressClassResource.default
        controller.ingressClassResource.enabled controller.ingressClassResource.name controller.service controller.service.enabled
        controller.service.type controller.updateStrategy revisionHistoryLimit defaultBackend rbac serviceAccount imagePullSecrets tcp udp
        portNamePrefix dhParam
        """
    ),
    # kube-vip/helm-charts, charts/kube-vip-cloud-provider/values.yaml (0.2.10)
    "kube-vip-cloud-provider": keys(
        """
        replicasCount image imagePullSecrets namespaceOverride cm cm.data cm.data.* configMapName extraEnv extraArgs annotations resources
        nodeSelector tolerations affinity priorityClassName enableloadbalancerClass
        """
    ),
    # longhorn/longhorn, chart/values.yaml (v1.12.1)
    "longhorn": keys(
        """
        global networkPolicies image service persistence persistence.createStorageClass persistence.defaultClass
        persistence.defaultClassReplicaCount persistence.reclaimPolicy preUpgradeChecker csi defaultSettings defaultSettings.defaultDataPath
        defaultSettings.createDefaultDiskLabeledNodes defaultSettings.defaultReplicaCount defaultBackupStore privateRegistry
        defaultSettings.taintToleration longhornManager longhornManager.tolerations longhornDriver longhornDriver.tolerations
        longhornUI ingress httproute enablePSP namespaceOverride annotations serviceAccount metrics openshift extraObjects
        """
    ),
    # piraeusdatastore/piraeus-operator, charts/piraeus/values.yaml (2.6.0; docs/how-to/helm.md names `installCRDs` for later ones)
    "piraeus": keys("replicaCount installCRDs operator webhook tls"),
    # kubernetes-csi/csi-driver-nfs, charts/v4.13.4/csi-driver-nfs/values.yaml
    "csi-driver-nfs": keys(
        """
        customLabels image serviceAccount rbac driver feature kubeletDir controller nodeDriverRegistrar node externalSnapshotter
        volumeSnapshotClass imagePullSecrets storageClass
        """
    ),
    # kubernetes-csi/csi-driver-smb, charts/v1.20.3/csi-driver-smb/values.yaml
    "csi-driver-smb": keys(
        "image serviceAccount rbac driver feature controller node linux windows customLabels podAnnotations podLabels priorityClassName"
    ),
    # sergelogvinov/proxmox-csi-plugin, charts/proxmox-csi-plugin/values.yaml (0.5.9)
    "proxmox-csi-plugin": keys(
        """
        replicaCount createNamespace priorityClassName serviceAccount provisionerName clusterID logVerbosityLevel timeout options
        existingConfigSecret existingConfigSecretKey configFile config storageClass controller node node.nodeSelector
        node.nodeSelector.* node.tolerations livenessprobe initContainers
        hostAliases podAnnotations podLabels podSecurityContext securityContext updateStrategy metrics nodeSelector tolerations affinity
        extraVolumes extraVolumeMounts
        """
    ),
    # sergelogvinov/proxmox-cloud-controller-manager, charts/proxmox-cloud-controller-manager/values.yaml (0.2.28)
    "proxmox-cloud-controller-manager": keys(
        """
        replicaCount image extraEnvs extraArgs enabledControllers logVerbosityLevel existingConfigSecret existingConfigSecretKey config
        serviceAccount priorityClassName initContainers hostAliases podAnnotations podSecurityContext securityContext resources
        useDaemonSet dnsPolicy updateStrategy nodeSelector nodeSelector.* tolerations affinity extraVolumes extraVolumeMounts
        """
    ),
    # argoproj/argo-helm, charts/argo-cd/values.yaml (10.1.1)
    "argo-cd": keys(
        """
        nameOverride fullnameOverride namespaceOverride crds global configs configs.ssh configs.ssh.extraHosts extraObjects controller dex
        redis redis-ha externalRedis redisSecretInit server repoServer applicationSet notifications commitServer
        """
    ),
    # fluxcd-community/helm-charts, charts/flux2/values.yaml (2.18.3)
    "flux2": keys(
        """
        installCRDs crds crds.annotations crds.annotations.* multitenancy clusterDomain cli helmController
        imageAutomationController imageReflectionController
        kustomizeController notificationController sourceController sourceWatcher policies rbac logLevel watchAllNamespaces
        """
    ),
    # pulumi/pulumi-kubernetes-operator, deploy/helm/pulumi-operator/values.yaml (2.9.0)
    "pulumi-kubernetes-operator": keys(
        "controller extraEnv extraVolumes extraVolumeMounts image rbac replicaCount resources serviceAccount serviceMonitor tolerations"
    ),
    # kubereboot/charts, charts/kured/values.yaml (6.1.0)
    "kured": keys(
        """
        configuration configuration.timeZone configuration.startTime configuration.endTime configuration.rebootDays
        configuration.rebootSentinel configuration.period configuration.concurrency configuration.drainTimeout configuration.lockTtl
        configuration.lockReleaseDelay tolerations updateStrategy
        """
    ),
    # metallb/metallb, charts/metallb/values.yaml (0.16.1)
    "metallb": keys("frrk8s frrk8s.enabled speaker speaker.tolerations"),
    # cert-manager/cert-manager, deploy/charts/cert-manager/values.yaml (v1.21.1)
    "cert-manager": keys("crds crds.enabled crds.keep"),
}
