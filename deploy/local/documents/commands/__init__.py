"""One function per database command."""
