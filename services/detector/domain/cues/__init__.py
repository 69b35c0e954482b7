"""Further cues of the kinds that people put in most ways, grouped by idea; detectors add them to theirs."""
