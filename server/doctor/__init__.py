"""`reconvene doctor`: what is wrong with the settings and with what they name, and what to do about it.

`examination` runs the checks, all at once and each for a few seconds at most; `report` shows what they found. The rest
is a module for each area. Nothing is changed by any of them.
"""
