"""Clusters that others made: read from their files, written as cluster.yaml and its lock."""
