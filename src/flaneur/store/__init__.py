"""Figures in SQLite."""
