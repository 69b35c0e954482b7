"""Update operators and replacements."""
