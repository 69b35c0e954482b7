"""Events and topics that the services, and other platforms, share. See README.md for the rules."""
