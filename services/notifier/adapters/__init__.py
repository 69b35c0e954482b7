"""I/O behind the ports, one technology a file."""
