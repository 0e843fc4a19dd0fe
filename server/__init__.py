"""Everything that touches the world: sockets, HTTP, configuration, identity, logs, metrics and the command line."""
