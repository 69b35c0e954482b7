"""Pure rules of notifying: who is told, when, how often it is tried, and what may be reached."""
