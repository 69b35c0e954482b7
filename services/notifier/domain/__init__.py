"""Pure rules of notifying: who is told, when, how often it is tried, and which addresses may be reached."""
