"""Predictive distributions from features: surrogate, validation, acquisition."""
