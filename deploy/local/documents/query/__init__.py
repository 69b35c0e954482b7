"""Filters, plans, sort orders and projections."""
