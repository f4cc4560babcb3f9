"""`runner doctor`: is the estate as this plan needs it? Looks, changes nothing; each fault with its cause and the command that cures it.

`look` gathers everything, `checks` judges: a visible list of pure functions.
"""
