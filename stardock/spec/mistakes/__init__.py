"""What people write instead of what cluster.yaml takes: found, and told with what to write."""
