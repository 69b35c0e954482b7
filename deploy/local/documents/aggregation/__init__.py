"""Aggregation stages, accumulators and expressions."""
