"""I/O behind the ports, one technology per file."""
