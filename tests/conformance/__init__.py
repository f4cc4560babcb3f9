"""Kubernetes' own end-to-end tests, which judge a cluster that Stardock made: an outsider's verdict."""
