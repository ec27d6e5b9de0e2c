"""Frames to detections."""
