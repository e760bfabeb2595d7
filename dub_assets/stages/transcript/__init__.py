"""What is said, when, and by whom.

``stage.py`` recognises words in chunks (``chunking.py``), gives them times that are possible (``word_times.py``), finds
their speakers (``diarise.py``) and decides the borders of segments (``segmentation.py``).
"""
