"""What the syncer knows without any I/O: texts, versions, windows of time, budgets, plans of a run."""
