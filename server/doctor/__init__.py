"""`reconvene doctor`: finds what is wrong with the settings and with what they name, and says what to do about it.

`runner` runs the checks, all at once and each for a few seconds at most; `report` shows the findings. Each other module
checks one area. No check changes anything.
"""
