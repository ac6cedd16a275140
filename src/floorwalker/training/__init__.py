"""Training of the entry encoder: the one room that needs PyTorch (`pip install floorwalker[train]`)."""
