"""Which test shows what: facts of upstream (docs/reality.md) and features of ours (docs/proof.md), from markers on the tests.

`@pytest.mark.proves("reality A1", "feature drift")` names a number of a file in `facts/` (its source is the file's name) or a feature of
`features.toml`. The words are written there by hand, the tests are collected: renaming a test edits no page. `make docs` writes both.
"""
