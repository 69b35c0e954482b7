"""The ways a notification can go; one file each."""
