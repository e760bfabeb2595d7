"""The mix of each segment, with its gains and the clips that editors work with."""
