"""What the notifier does, over ports."""
