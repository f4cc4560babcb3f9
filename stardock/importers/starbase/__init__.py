"""starbase-cluster-k8s 0.3: its variables (Terraform and Ansible) and the VMs that it makes of them.

Facts of its version 0.3.1, read and run; none of its text. It calls servers `controlplane` and agents `worker`: only this package knows.
"""
