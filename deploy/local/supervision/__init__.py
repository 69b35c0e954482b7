"""Keeps processes alive: started, asked whether they answer, restarted when they end, stopped in order."""
