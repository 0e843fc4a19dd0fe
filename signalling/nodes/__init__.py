"""How nodes share a room: one owns it, and the others are edges of it. Pure, like the hub."""
