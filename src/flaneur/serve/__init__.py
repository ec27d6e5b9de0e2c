"""Figures as tables, report and video."""
