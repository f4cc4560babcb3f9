"""What must fit together between the keys of cluster.yaml, before anything is allocated."""
