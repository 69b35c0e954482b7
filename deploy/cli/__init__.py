"""The command line `earshot`: one file a command, in words for people and in JSON for programs."""
