"""Tracking: detections frame by frame to one track a person and stay in view."""
