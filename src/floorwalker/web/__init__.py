"""Web: pages, styles and scripts."""
